import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

// 16 MiB and some 30 ms a guess, as OWASP asks of scrypt at this size.
const cost = { N: 2 ** 14, r: 8, p: 5 };
const saltBytes = 16;
const keyBytes = 32;
const pattern = /^scrypt:(\d{1,2}):(\d{1,2}):(\d{1,2}):([A-Za-z0-9_-]{16,}):([A-Za-z0-9_-]{22,})$/;

/** A hash that a file can hold: `scrypt:<log2 N>:<r>:<p>:<salt>:<key>`, the last two in base64url. */
export async function hashPassword(password: string, salt: Buffer = randomBytes(saltBytes)): Promise<string> {
  const key = await derive(password, salt, keyBytes, cost);
  return ['scrypt', Math.log2(cost.N), cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join(':');
}

/** Whether a text is a hash that `verifyPassword` can work with, at a price that a server can pay. */
export function isPasswordHash(text: string): boolean {
  const match = pattern.exec(text);
  if (!match) return false;
  const [log2, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return log2 >= 10 && log2 <= 17 && r >= 1 && r <= 8 && p >= 1 && p <= 8;
}

/** Takes the same time for every wrong password. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const match = pattern.exec(hash);
  if (!match) return false;
  const expected = Buffer.from(match[5]!, 'base64url');
  const options = { N: 2 ** Number(match[1]), r: Number(match[2]), p: Number(match[3]) };
  const found = await derive(password, Buffer.from(match[4]!, 'base64url'), expected.length, options);
  return timingSafeEqual(found, expected);
}

function derive(password: string, salt: Buffer, length: number, options: typeof cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, { ...options, maxmem: 256 * 2 ** 20 }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
