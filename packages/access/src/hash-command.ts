// npm run auth-hash: what an authentication file holds of a password or a token, which come by standard input.
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { tokenDigest } from './access-file.ts';
import { hashPassword } from './password-hash.ts';

const usage = `npm run auth-hash -- password    reads a password from standard input, prints its line for the file
npm run auth-hash -- token       makes a new token, prints it and its line for the file
`;

async function passwordOfInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Password (it shows while you type), then Ctrl-D on a new line:\n');
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

const [what] = process.argv.slice(2);
if (what === 'password') {
  const password = await passwordOfInput();
  if (password === '') {
    process.stderr.write('There was no password.\n');
    process.exit(1);
  }
  process.stdout.write(`passwordHash: ${await hashPassword(password)}\n`);
} else if (what === 'token') {
  const token = randomBytes(32).toString('base64url');
  process.stdout.write(`token for the client: ${token}\nline for the file:    sha256: ${tokenDigest(token)}\n`);
} else {
  process.stderr.write(usage);
  process.exit(2);
}
