import { isAscii, isUtf8 } from 'node:buffer';
import { malformed } from './ipc-error.ts';

/** Whether slot `index` has a value; an empty bitmap says that all have. */
export function isValid(bitmap: Uint8Array, index: number): boolean {
  return bitmap.length === 0 || ((bitmap[index >> 3]! >> (index & 7)) & 1) === 1;
}

/** Offsets never go down and stay between 0 and `end`. */
export function checkOffsets(offsets: Int32Array, length: number, end: number, where: string): void {
  let before = offsets[0]!;
  if (before < 0) throw malformed(`${where}: the first offset is negative: ${before}`);
  for (let i = 1; i <= length; i++) {
    const next = offsets[i]!;
    if (next < before) throw malformed(`${where}: offset ${i} goes back from ${before} to ${next}`);
    before = next;
  }
  if (before > end) throw malformed(`${where}: the offsets go to ${before}, there are only ${end}`);
}

/** The same for 64-bit offsets, read as pairs of 32-bit words: ten times faster than BigInts. */
export function checkLargeOffsets(offsets: BigInt64Array, length: number, end: number, where: string): void {
  const words = new Int32Array(offsets.buffer, offsets.byteOffset, offsets.length * 2);
  let before = 0;
  for (let i = 0; i <= length; i++) {
    const next = words[i * 2 + 1]! * 0x1_0000_0000 + (words[i * 2]! >>> 0);
    if (next < before) throw malformed(`${where}: offset ${i} goes back from ${before} to ${next}`);
    before = next;
  }
  if (before > end) throw malformed(`${where}: the offsets go to ${before}, there are only ${end}`);
}

/** Every value is UTF-8: the bytes as a whole are, and no value begins inside a character. */
export function checkUtf8(
  offsets: Int32Array | BigInt64Array,
  length: number,
  values: Uint8Array,
  bitmap: Uint8Array,
  where: string,
): void {
  const begin = Number(offsets[0]!);
  const end = Number(offsets[length]!);
  const text = values.subarray(begin, end);
  if (isAscii(text)) return;
  if (isUtf8(text) && startsAtCharacters(offsets, length, values, end)) return;
  // What lies under a null is nobody's value: look at the values one by one.
  for (let i = 0; i < length; i++) {
    if (isValid(bitmap, i) && !isUtf8(values.subarray(Number(offsets[i]!), Number(offsets[i + 1]!)))) {
      throw malformed(`${where}: value ${i} is not UTF-8`);
    }
  }
}

function startsAtCharacters(
  offsets: Int32Array | BigInt64Array,
  length: number,
  values: Uint8Array,
  end: number,
): boolean {
  const small = offsets instanceof Int32Array;
  for (let i = 0; i < length; i++) {
    const offset = small ? offsets[i]! : Number(offsets[i]!);
    if (offset < end && (values[offset]! & 0xc0) === 0x80) return false;
  }
  return true;
}

/** Every index that isn't null points into the dictionary. */
export function checkIndices(
  indices: ArrayLike<number | bigint>,
  length: number,
  bitmap: Uint8Array,
  dictionaryLength: number,
  where: string,
): void {
  for (let i = 0; i < length; i++) {
    const index = indices[i]!;
    if ((index < 0 || index >= dictionaryLength) && isValid(bitmap, i)) {
      throw malformed(`${where}: value ${i} is entry ${index} of a dictionary with ${dictionaryLength} entries`);
    }
  }
}

/** How often the bytes of the data buffers may be looked at where views share them. */
const SHARED_LOOKS_MAX = 64;

/** Every view that isn't null lies inside its data buffer. Columnar format, Variable-size Binary View Layout. */
export function checkViews(
  views: Uint8Array,
  length: number,
  bitmap: Uint8Array,
  data: readonly Uint8Array[],
  text: boolean,
  where: string,
): void {
  const words = new Int32Array(views.buffer, views.byteOffset, length * 4);
  const texts = text ? data.map((bytes) => new SharedText(bytes)) : [];
  for (let i = 0; i < length; i++) {
    if (!isValid(bitmap, i)) continue;
    const bytes = words[i * 4]!;
    if (bytes >= 0 && bytes <= 12) {
      if (text && !isUtf8(views.subarray(i * 16 + 4, i * 16 + 4 + bytes))) throw notUtf8(i, where);
      continue;
    }
    const index = words[i * 4 + 2]!;
    const offset = words[i * 4 + 3]!;
    const buffer = data[index];
    if (bytes < 0 || !buffer || offset < 0 || offset + bytes > buffer.length) {
      throw malformed(`${where}: value ${i} (${bytes} bytes at ${offset} of buffer ${index}) isn't there`);
    }
    if (text && !texts[index]!.isText(offset, offset + bytes, where)) throw notUtf8(i, where);
  }
}

function notUtf8(index: number, where: string): Error {
  return malformed(`${where}: value ${index} is not UTF-8`);
}

/** Text that many values may be parts of: looked at once as a whole, so that values that overlap cost nothing. */
class SharedText {
  readonly #bytes: Uint8Array;
  #whole: boolean | undefined;
  #looksLeft: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#looksLeft = bytes.length * SHARED_LOOKS_MAX;
  }

  isText(begin: number, end: number, where: string): boolean {
    this.#whole ??= isUtf8(this.#bytes);
    if (this.#whole) return this.#isBoundary(begin) && this.#isBoundary(end);
    // Something that no value refers to isn't text: look at the values one by one.
    this.#looksLeft -= end - begin;
    if (this.#looksLeft < 0) throw malformed(`${where}: too many values share bytes that are not UTF-8 as a whole`);
    return isUtf8(this.#bytes.subarray(begin, end));
  }

  #isBoundary(position: number): boolean {
    return position >= this.#bytes.length || (this.#bytes[position]! & 0xc0) !== 0x80;
  }
}
