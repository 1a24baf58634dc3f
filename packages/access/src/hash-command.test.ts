import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { parseAccessFile } from './access-file.ts';
import { verifyPassword } from './password-hash.ts';

function run(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'hash-command.ts'), ...args],
    {
      input,
      encoding: 'utf8',
    },
  );
  return { status, stdout, stderr };
}

it('prints what the file holds of a password', async () => {
  const { stdout } = run(['password'], 'correct horse\n');
  const { users } = parseAccessFile(`users: [{name: ada, tenants: '*', ${stdout.trim()}}]`, 'auth.yaml');
  expect(await verifyPassword('correct horse', users.get('ada')!.passwordHash!)).toBe(true);
  expect(await verifyPassword('correct horse ', users.get('ada')!.passwordHash!)).toBe(false);
});

it('makes a token and prints what the file holds of it', () => {
  const { stdout } = run(['token']);
  const [, token] = /token for the client: (\S+)/.exec(stdout)!;
  const [, line] = /line for the file: +(sha256: \S+)/.exec(stdout)!;
  const { tokens } = parseAccessFile(`tokens: [{name: a, tenants: '*', ${line}}]`, 'auth.yaml');
  const same = parseAccessFile(`tokens: [{name: a, tenants: '*', token: ${token}}]`, 'auth.yaml');
  expect(tokens).toEqual(same.tokens);
});

it.each([[[]], [['passwort']]])('%j is told how it is called', (args) => {
  expect(run(args)).toMatchObject({ status: 2, stderr: expect.stringContaining('npm run auth-hash -- password') });
});

it('an empty password is none', () => {
  expect(run(['password'], '\n')).toMatchObject({ status: 1, stdout: '' });
});
