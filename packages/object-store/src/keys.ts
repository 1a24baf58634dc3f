import { ObjectStoreError } from './object-store.ts';

const keyBytesMax = 1024;
const segmentBytesMax = 255;

/**
 * Throws INVALID_KEY unless `key` is a path of non-empty names: no leading, trailing or double
 * slash, no `.` or `..`, no control characters or backslash, at most 1024 bytes and 255 a name. These are the keys that
 * mean the same on a disk and in S3. Top-level names that begin with `.` are the local store's own.
 */
export function checkKey(key: string): string {
  const wrong = whatIsWrong(key);
  if (wrong !== undefined) {
    throw new ObjectStoreError('INVALID_KEY', `not an object key, ${wrong}: ${JSON.stringify(key.slice(0, 200))}`);
  }
  return key;
}

function whatIsWrong(key: string): string | undefined {
  if (key.length === 0) return 'empty';
  if (Buffer.byteLength(key) > keyBytesMax) return `longer than ${keyBytesMax} bytes`;
  if (hasControlCharacter(key) || key.includes('\\')) return 'has a control character or a backslash';
  if (key.startsWith('.')) return 'begins with a dot';
  for (const segment of key.split('/')) {
    if (segment === '') return 'has an empty name';
    if (segment === '.' || segment === '..') return `has the name "${segment}"`;
    if (Buffer.byteLength(segment) > segmentBytesMax) return `has a name longer than ${segmentBytesMax} bytes`;
  }
  return undefined;
}

function hasControlCharacter(key: string): boolean {
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

/** Throws INVALID_KEY when `prefix` could lead out of the store. The empty prefix means everything. */
export function checkPrefix(prefix: string): string {
  const wrong =
    hasControlCharacter(prefix) || prefix.includes('\\') || prefix.startsWith('/') || prefix.startsWith('.')
      ? true
      : prefix.split('/').some((segment) => segment === '.' || segment === '..');
  if (wrong) throw new ObjectStoreError('INVALID_KEY', `not a key prefix: ${JSON.stringify(prefix.slice(0, 200))}`);
  return prefix;
}
