import koffi from 'koffi';
import type { Pointer } from './library.ts';

const readWord = koffi.decode.uint64 as (at: Pointer) => number | bigint;

/** The 64-bit word at an address: a length or a pointer. User-space addresses and lengths fit a JavaScript number. */
export function wordAt(address: number): number {
  return Number(readWord(BigInt(address)));
}

/** The text at an address, up to its NUL; '' for a null pointer. */
export function textAt(address: number): string {
  return address === 0 ? '' : koffi.decode.string(BigInt(address));
}

/** UTF-8 with a closing NUL, for parameters of type `const char *`. */
export function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

/** Memory for one pointer that C writes. */
export function cell(value: Pointer = 0n): Buffer {
  const buffer = Buffer.allocUnsafeSlow(8);
  buffer.writeBigUInt64LE(value);
  return buffer;
}

/** What C wrote into a cell. */
export function pointerIn(buffer: Buffer): Pointer {
  return buffer.readBigUInt64LE();
}

/** The address of a buffer's bytes. The caller keeps the buffer alive; typed arrays off V8's heap don't move. */
export function addressOf(bytes: ArrayBufferView): number {
  return Number(koffi.address(bytes));
}

type Copy = (to: number, from: number, bytes: number) => void;

function findCopy(): Copy {
  for (const name of process.platform === 'win32' ? ['ucrtbase.dll', 'msvcrt.dll'] : [null]) {
    try {
      return koffi.load(name).func('memcpy', 'void', ['uintptr_t', 'uintptr_t', 'size_t']) as Copy;
    } catch {
      // the next name
    }
  }
  return (to, from, bytes) => {
    new Uint8Array(koffi.view(BigInt(to), bytes)).set(new Uint8Array(koffi.view(BigInt(from), bytes)));
  };
}

let copy: Copy | undefined;

/** Copies bytes from address to address. Both ranges must be valid: this is C's `memcpy`. */
export function copyBytes(to: number, from: number, bytes: number): void {
  if (bytes === 0) return;
  copy ??= findCopy();
  copy(to, from, bytes);
}
