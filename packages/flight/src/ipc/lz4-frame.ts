import { malformed, unsupported } from './ipc-error.ts';

const MAGIC = 0x184d2204;
const FLAG_BLOCK_CHECKSUM = 0x10;
const FLAG_CONTENT_SIZE = 0x08;
const FLAG_CONTENT_CHECKSUM = 0x04;
const FLAG_DICTIONARY = 0x01;
const UNCOMPRESSED = 0x8000_0000;
/** The format's own limit: one byte of length stands for at most 255 bytes. */
const RATIO_MAX = 255;

/**
 * Decompresses an LZ4 frame that holds exactly `length` bytes. Checksums are read over: TCP has its own.
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
export function lz4Decompress(bytes: Uint8Array, length: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 7 || view.getUint32(0, true) !== MAGIC) throw malformed('an LZ4 buffer is no LZ4 frame');
  const flags = bytes[4]!;
  if (flags >> 6 !== 1) throw unsupported(`LZ4 frame version ${flags >> 6} is not supported`);
  if (flags & FLAG_DICTIONARY) throw unsupported('an LZ4 frame with a dictionary of its own is not supported');
  let position = 6 + (flags & FLAG_CONTENT_SIZE ? 8 : 0) + 1;
  if (length > bytes.length * RATIO_MAX) throw malformed(`${bytes.length} bytes of LZ4 can't hold ${length} bytes`);
  const output = new Uint8Array(length);
  let written = 0;
  for (;;) {
    if (position + 4 > bytes.length) throw malformed('an LZ4 frame is cut off');
    const size = view.getUint32(position, true);
    position += 4;
    if (size === 0) break;
    const blockBytes = size % UNCOMPRESSED;
    if (position + blockBytes > bytes.length) throw malformed('an LZ4 block is cut off');
    const block = bytes.subarray(position, position + blockBytes);
    if (size >= UNCOMPRESSED) {
      if (written + blockBytes > length) throw tooLong(length);
      output.set(block, written);
      written += blockBytes;
    } else {
      written = decompressBlock(block, output, written);
    }
    position += blockBytes + (flags & FLAG_BLOCK_CHECKSUM ? 4 : 0);
  }
  if (flags & FLAG_CONTENT_CHECKSUM && position + 4 > bytes.length) throw malformed('an LZ4 frame is cut off');
  if (written !== length) throw malformed(`an LZ4 frame holds ${written} bytes, ${length} were announced`);
  return output;
}

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
function decompressBlock(block: Uint8Array, output: Uint8Array, start: number): number {
  const end = block.length;
  let from = 0;
  let to = start;
  while (from < end) {
    const token = block[from++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255) {
        if (from >= end) throw malformed('an LZ4 block is cut off');
        more = block[from++]!;
        literals += more;
      }
    }
    if (from + literals > end) throw malformed('an LZ4 block is cut off');
    if (to + literals > output.length) throw tooLong(output.length);
    if (literals > 32) output.set(block.subarray(from, from + literals), to);
    else for (let i = 0; i < literals; i++) output[to + i] = block[from + i]!;
    from += literals;
    to += literals;
    if (from === end) return to; // the last sequence has no match
    if (from + 2 > end) throw malformed('an LZ4 block is cut off');
    const distance = block[from]! | (block[from + 1]! << 8);
    from += 2;
    if (distance === 0 || distance > to) throw malformed(`an LZ4 match points ${distance} bytes back from byte ${to}`);
    let matched = (token & 15) + 4;
    if (matched === 19) {
      let more = 255;
      while (more === 255) {
        if (from >= end) throw malformed('an LZ4 block is cut off');
        more = block[from++]!;
        matched += more;
      }
    }
    if (to + matched > output.length) throw tooLong(output.length);
    if (matched > (distance < matched ? 1024 : 32)) repeat(output, to, distance, matched);
    else for (let i = 0; i < matched; i++) output[to + i] = output[to + i - distance]!;
    to += matched;
  }
  throw malformed('an LZ4 block ends in the middle of a sequence');
}

/** Copies `length` bytes from `distance` back; what is copied may be copied again, in longer and longer pieces. */
function repeat(output: Uint8Array, to: number, distance: number, length: number): void {
  const first = Math.min(distance, length);
  output.copyWithin(to, to - distance, to - distance + first);
  for (let done = first; done < length; done *= 2) output.copyWithin(to + done, to, to + Math.min(done, length - done));
}

function tooLong(length: number): Error {
  return malformed(`an LZ4 frame holds more than the ${length} bytes announced`);
}

const BLOCK_BYTES_MAX = 64 << 10;
const MATCH_BYTES_MIN = 4;
/** The specification keeps the last bytes of a block free of matches. */
const TAIL_LITERALS = 5;
const TAIL_NO_MATCH_START = 12;
const HASH_BITS = 13;

/** Compresses into one LZ4 frame of independent blocks of 64 KiB, without checksums of the content. */
export function lz4Compress(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / BLOCK_BYTES_MAX);
  const output = new Uint8Array(7 + bytes.length + blocks * 4 + 4);
  const view = new DataView(output.buffer);
  view.setUint32(0, MAGIC, true);
  output.set([0x60, 0x40, 0x82], 4); // version 1, independent blocks of at most 64 KiB, and the checksum of these two bytes
  let position = 7;
  const table = new Int32Array(1 << HASH_BITS);
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES_MAX) {
    const block = bytes.subarray(start, start + BLOCK_BYTES_MAX);
    const size = compressBlock(block, output.subarray(position + 4, position + 4 + block.length - 1), table.fill(-1));
    if (size === 0) output.set(block, position + 4);
    view.setUint32(position, size === 0 ? block.length + UNCOMPRESSED : size, true);
    position += 4 + (size === 0 ? block.length : size);
  }
  view.setUint32(position, 0, true);
  return output.subarray(0, position + 4);
}

/** Returns the size, or 0 where the block doesn't get smaller. */
function compressBlock(block: Uint8Array, output: Uint8Array, table: Int32Array): number {
  const matchEnd = block.length - TAIL_LITERALS;
  const searchEnd = block.length - TAIL_NO_MATCH_START;
  let anchor = 0;
  let to = 0;
  let from = 0;
  let misses = 0;
  while (from < searchEnd) {
    const word = block[from]! | (block[from + 1]! << 8) | (block[from + 2]! << 16) | (block[from + 3]! << 24);
    const hash = Math.imul(word, 0x9e37_79b1) >>> (32 - HASH_BITS);
    const candidate = table[hash]!;
    table[hash] = from;
    if (candidate < 0 || !sameWord(block, candidate, from)) {
      from += 1 + (misses++ >> 6); // data that doesn't compress is passed over faster and faster
      continue;
    }
    misses = 0;
    let length = MATCH_BYTES_MIN;
    while (from + length < matchEnd && block[from + length] === block[candidate + length]) length++;
    to = writeSequence(output, to, block, anchor, from, from - candidate, length);
    if (to === 0) return 0;
    from += length;
    anchor = from;
  }
  return writeSequence(output, to, block, anchor, block.length, 0, 0);
}

function sameWord(block: Uint8Array, a: number, b: number): boolean {
  return (
    block[a] === block[b] &&
    block[a + 1] === block[b + 1] &&
    block[a + 2] === block[b + 2] &&
    block[a + 3] === block[b + 3]
  );
}

function writeSequence(
  output: Uint8Array,
  to: number,
  block: Uint8Array,
  anchor: number,
  from: number,
  distance: number,
  length: number,
): number {
  const literals = from - anchor;
  const extra = distance === 0 ? 0 : length - MATCH_BYTES_MIN;
  if (to + literals + Math.ceil(literals / 255) + Math.ceil(extra / 255) + 4 > output.length) return 0;
  output[to++] = (Math.min(literals, 15) << 4) | Math.min(extra, 15);
  if (literals >= 15) to = writeLength(output, to, literals - 15);
  if (literals > 32) output.set(block.subarray(anchor, from), to);
  else for (let i = 0; i < literals; i++) output[to + i] = block[anchor + i]!;
  to += literals;
  if (distance === 0) return to;
  output[to++] = distance & 255;
  output[to++] = distance >> 8;
  if (extra >= 15) to = writeLength(output, to, extra - 15);
  return to;
}

function writeLength(output: Uint8Array, to: number, rest: number): number {
  for (; rest >= 255; rest -= 255) output[to++] = 255;
  output[to++] = rest;
  return to;
}
