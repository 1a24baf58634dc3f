import type { Column } from '../columns/column.ts';
import type { WireReader } from '../wire/reader.ts';

/** Attribute keys longer than this, in bytes, get no column. */
export const KEY_BYTES_MAX = 256;

/** An attribute key that has, or lately had, a column. */
export interface AttributeKey {
  readonly scope: string;
  /** The column's name: `<scope>.<key>`. */
  readonly columnName: string;
  /** The column's name with ASCII letters in lower case; SQL engines compare names so. */
  readonly folded: string;
  /** The kind of the column that the key has in the batch being built; 0 when it has none. */
  kind: number;
  column: Column | undefined;
  /** The kind that `column` was made for. */
  columnKind: number;
  /** A base column stands for this key: it is always there and counts towards no limit. */
  readonly pinned: boolean;
}

/**
 * Finds attribute keys by their bytes on the wire, so that no string is made: a hash of the length and three words of the
 * key, then a comparison of all its bytes.
 */
export class KeyTable {
  #slots = new Int32Array(128); // index of a key plus one
  #mask = 127;
  readonly #keys: AttributeKey[] = [];
  #hashes: number[] = [];
  #lengths: number[] = [];
  #starts: number[] = []; // of a key's words
  #words = new Int32Array(1024);
  #wordCount = 0;

  get size(): number {
    return this.#keys.length;
  }

  find(from: WireReader, pos: number, length: number): AttributeKey | undefined {
    if (length === 0 || length > KEY_BYTES_MAX) return undefined;
    const hash = hashOf(from, pos, length);
    const slots = this.#slots;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const index = slots[slot]! - 1;
      if (index < 0) return undefined;
      if (this.#hashes[index] === hash && this.#lengths[index] === length && this.#same(index, from, pos, length)) {
        return this.#keys[index];
      }
    }
  }

  #same(index: number, from: WireReader, pos: number, length: number): boolean {
    const words = this.#words;
    let at = this.#starts[index]!;
    if (length < 4) return words[at] === shortWord(from, pos, length);
    const { view } = from;
    const last = pos + length - 4;
    for (let p = pos; p < last; p += 4) if (view.getInt32(p, true) !== words[at++]) return false;
    return view.getInt32(last, true) === words[at];
  }

  /** Adds a key that is not there yet. */
  add(from: WireReader, pos: number, length: number, key: AttributeKey): void {
    const index = this.#keys.length;
    this.#keys.push(key);
    this.#hashes.push(hashOf(from, pos, length));
    this.#lengths.push(length);
    this.#starts.push(this.#wordCount);
    if (length < 4) this.#addWord(shortWord(from, pos, length));
    else {
      const last = pos + length - 4;
      for (let p = pos; p < last; p += 4) this.#addWord(from.view.getInt32(p, true));
      this.#addWord(from.view.getInt32(last, true));
    }
    if (this.#keys.length * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2);
    else this.#place(index);
  }

  #addWord(word: number): void {
    if (this.#wordCount === this.#words.length) {
      const words = new Int32Array(this.#words.length * 2);
      words.set(this.#words);
      this.#words = words;
    }
    this.#words[this.#wordCount++] = word;
  }

  #rehash(size: number): void {
    this.#slots = new Int32Array(size);
    this.#mask = size - 1;
    for (let i = 0; i < this.#keys.length; i++) this.#place(i);
  }

  #place(index: number): void {
    let slot = this.#hashes[index]! & this.#mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = index + 1;
  }
}

function hashOf(from: WireReader, pos: number, length: number): number {
  let hash: number;
  if (length < 4) hash = Math.imul(shortWord(from, pos, length) ^ length, 0x9e37_79b1);
  else {
    const { view } = from;
    const first = view.getInt32(pos, true);
    const middle = view.getInt32(pos + ((length - 4) >> 1), true);
    const last = view.getInt32(pos + length - 4, true);
    hash = Math.imul(first ^ length, 0x9e37_79b1) ^ Math.imul(middle, 0x85eb_ca6b) ^ Math.imul(last, 0xc2b2_ae35);
  }
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b_3c6d) ^ (hash >>> 12);
}

function shortWord(from: WireReader, pos: number, length: number): number {
  let word = 0;
  for (let i = 0; i < length; i++) word |= from.bytes[pos + i]! << (i * 8);
  return word;
}
