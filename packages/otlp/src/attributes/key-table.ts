import type { Column } from '../columns/column.ts';
import { foldedName } from '../conform/attribute-name.ts';
import type { WireReader } from '../wire/reader.ts';

/** Attribute keys longer than this, in bytes, get no column. */
export const KEY_BYTES_MAX = 256;

/** An attribute key that has, or lately had, a column. */
export class AttributeKey {
  readonly scope: string;
  /** The column's name: `<scope>.<key>`. */
  readonly columnName: string;
  /** The column's name as SQL engines compare it. */
  readonly folded: string;
  /** The kind of the column that the key has in the batch being built; 0 when it has none. */
  kind = 0;
  column: Column | undefined = undefined;
  /** The kind that `column` was made for. */
  columnKind = 0;
  /** The key that came after this one, the last time. */
  next: AttributeKey | undefined = undefined;
  readonly #length: number;
  readonly #hash: number;
  /** The key's bytes, four by four; the last four overlap those before. */
  readonly #words: Int32Array;

  /** The key is the `length` bytes at `pos`, and also `name`. */
  constructor(scope: string, name: string, from: WireReader, pos: number, length: number) {
    this.scope = scope;
    this.columnName = `${scope}.${name}`;
    this.folded = foldedName(this.columnName);
    this.#length = length;
    this.#hash = hashOf(from, pos, length);
    this.#words = wordsOf(from, pos, length);
  }

  get hash(): number {
    return this.#hash;
  }

  /** Whether the `length` bytes at `pos` are this key. */
  is(from: WireReader, pos: number, length: number): boolean {
    if (length !== this.#length) return false;
    const words = this.#words;
    if (length < 4) return words[0] === shortWord(from, pos, length);
    const { view } = from;
    const last = (pos + length - 4) | 0;
    let i = 0;
    for (let p = pos | 0; p < last; p = (p + 4) | 0) {
      if (view.getInt32(p, true) !== words[i]) return false;
      i = (i + 1) | 0;
    }
    return view.getInt32(last, true) === words[i];
  }
}

/**
 * Finds attribute keys by their bytes on the wire, so that no string is made. Keys mostly follow each other as they did the
 * last time; else a hash of the length and three words of the key finds it.
 */
export class KeyTable {
  #slots: (AttributeKey | undefined)[] = new Array(128).fill(undefined);
  #mask = 127;
  #size = 0;
  #last: AttributeKey | undefined;

  keys(): AttributeKey[] {
    return this.#slots.filter((key) => key !== undefined);
  }

  find(from: WireReader, pos: number, length: number): AttributeKey | undefined {
    const last = this.#last;
    const expected = last?.next;
    if (expected?.is(from, pos, length)) {
      this.#last = expected;
      return expected;
    }
    const key = this.#lookUp(from, pos, length);
    if (key) {
      if (last) last.next = key;
      this.#last = key;
    }
    return key;
  }

  #lookUp(from: WireReader, pos: number, length: number): AttributeKey | undefined {
    if (length === 0 || length > KEY_BYTES_MAX) return undefined;
    const hash = hashOf(from, pos, length);
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const key = this.#slots[slot];
      if (!key || (key.hash === hash && key.is(from, pos, length))) return key;
    }
  }

  /** Adds a key that is not there yet. */
  add(key: AttributeKey): void {
    this.#size++;
    if (this.#size * 2 > this.#slots.length) this.#grow();
    this.#place(key);
  }

  #grow(): void {
    const keys = this.keys();
    this.#mask = this.#slots.length * 2 - 1;
    this.#slots = new Array(this.#mask + 1).fill(undefined);
    for (const key of keys) this.#place(key);
  }

  #place(key: AttributeKey): void {
    let slot = key.hash & this.#mask;
    while (this.#slots[slot]) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = key;
  }
}

function hashOf(from: WireReader, pos: number, length: number): number {
  let hash: number;
  if (length < 4) hash = Math.imul(shortWord(from, pos, length) ^ length, 0x9e37_79b1);
  else {
    const { view } = from;
    const first = view.getInt32(pos, true);
    const middle = view.getInt32((pos + ((length - 4) >> 1)) | 0, true);
    const last = view.getInt32((pos + length - 4) | 0, true);
    hash = Math.imul(first ^ length, 0x9e37_79b1) ^ Math.imul(middle, 0x85eb_ca6b) ^ Math.imul(last, 0xc2b2_ae35);
  }
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b_3c6d) ^ (hash >>> 12);
}

function wordsOf(from: WireReader, pos: number, length: number): Int32Array {
  if (length < 4) return Int32Array.of(shortWord(from, pos, length));
  const words = new Int32Array((length + 3) >> 2);
  const last = pos + length - 4;
  for (let i = 0; i < words.length; i++) words[i] = from.view.getInt32(Math.min(pos + i * 4, last), true);
  return words;
}

function shortWord(from: WireReader, pos: number, length: number): number {
  let word = 0;
  for (let i = 0; i < length; i++) word |= from.bytes[pos + i]! << (i * 8);
  return word;
}
