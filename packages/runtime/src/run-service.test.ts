import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

let dir: string;
const running: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'signaldb-service-'));
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

/** The example service as a process, its output collected. */
function start(...args: string[]) {
  const program = join(import.meta.dirname, 'testdata', 'service.ts');
  const child = spawn(
    process.execPath,
    [program, '--ops-host', '127.0.0.1', '--ops-port', '0', '--log-format', 'json', ...args],
    { cwd: dir, env: { PATH: process.env.PATH } },
  );
  running.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const ready = async () => {
    while (!output.stdout.includes('ready ')) await once(child.stdout, 'data');
    return Number(/ready (\d+)/.exec(output.stdout)![1]);
  };
  return { child, output, exited, ready };
}

describe('runService', () => {
  it('serves until SIGTERM, then closes in order and exits 0', async () => {
    const { child, output, exited, ready } = start();
    const opsPort = await ready();
    expect((await fetch(`http://127.0.0.1:${opsPort}/readyz`)).status).toBe(200);
    expect(await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text()).toContain(
      'process_resident_memory_bytes',
    );
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(output.stderr).toContain('last opened, first closed');
  });

  it('takes Ctrl-C that arrives twice at once for one', async () => {
    const { child, exited, ready } = start();
    await ready();
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await exited).toBe(0);
  });

  it.each(['fail', 'reject'])('ends in order with exit code 1 after %s', async (mode) => {
    const { output, exited } = start('--mode', mode);
    expect(await exited).toBe(1);
    expect(output.stderr).toContain('"level":"fatal"');
    expect(output.stderr).toContain('last opened, first closed');
  });

  it('prints its settings', async () => {
    const { output, exited } = start('--help');
    expect(await exited).toBe(0);
    expect(output.stdout).toContain('--example-tcp-port');
  });
});

describe('runService refuses to start with one line', () => {
  it.each([
    [
      'an unknown flag',
      ['--exmple-tcp-port', '1'],
      /^example: Unknown flag "--exmple-tcp-port"\. Did you mean "--example-tcp-port"\?\n$/,
    ],
    ['an error of several lines', ['--mode', 'throw'], /^example: can not start at all\n$/],
    [
      'a data folder that is a file',
      ['--data-dir', 'file'],
      /^example: The data folder .* a file is in its way\. Choose another folder\.\n$/,
    ],
  ])('for %s', async (_what, args, message) => {
    writeFileSync(join(dir, 'file'), '');
    const { output, exited } = start('--log-level', 'silent', ...args);
    expect(await exited).toBe(1);
    expect(output.stderr).toMatch(message);
  });

  it.each([
    ['its own port', '--example-tcp-port', 'SIGNALDB_EXAMPLE_TCP_PORT'],
    ['the ops port', '--ops-port', 'SIGNALDB_OPS_PORT'],
  ])('for %s in use, naming the setting', async (_what, flag, variable) => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const { output, exited } = start(flag, String(port));
    expect(await exited).toBe(1);
    expect(output.stderr.split('\n').filter((line) => line.startsWith('example:'))).toEqual([
      `example: Port ${port} on 127.0.0.1 is already in use. Stop the program that listens there, or choose another with ${flag} or ${variable}.`,
    ]);
    holder.close();
  });
});
