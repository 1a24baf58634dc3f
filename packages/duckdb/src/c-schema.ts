import koffi from 'koffi';
import { DuckDbError } from './error.ts';
import type { Pointer } from './library.ts';
import { textAt, wordAt } from './memory.ts';

/** `struct ArrowSchema` of Arrow's C data interface, in JavaScript. */
export interface CSchema {
  readonly format: string;
  readonly name: string;
  readonly nullable: boolean;
  readonly children: readonly CSchema[];
  readonly dictionary?: CSchema;
}

/** Sizes and offsets of the C data interface's structs on 64-bit platforms. */
export const schemaLayout = {
  bytes: 72,
  format: 0,
  name: 8,
  flags: 24,
  childCount: 32,
  children: 40,
  dictionary: 48,
  release: 56,
} as const;
export const arrayLayout = {
  bytes: 80, length: 0, nullCount: 8, offset: 16, bufferCount: 24, childCount: 32, buffers: 40, children: 48, dictionary: 56, release: 64,
} as const; // biome-ignore format: two rows of one table

/** The flag of a field that may hold nulls. */
export const nullableFlag = 2;

const maxDepth = 64;

/** Copies a C schema out; the struct stays the caller's to release. */
export function readSchema(address: number, depth = 0): CSchema {
  if (depth > maxDepth) throw new DuckDbError('Unsupported', `types nested more than ${maxDepth} deep`);
  const childCount = wordAt(address + schemaLayout.childCount);
  const children = wordAt(address + schemaLayout.children);
  const dictionary = wordAt(address + schemaLayout.dictionary);
  return {
    format: textAt(wordAt(address + schemaLayout.format)),
    name: textAt(wordAt(address + schemaLayout.name)),
    nullable: (wordAt(address + schemaLayout.flags) & nullableFlag) !== 0,
    children: Array.from({ length: childCount }, (_, i) => readSchema(wordAt(children + 8 * i), depth + 1)),
    ...(dictionary === 0 ? {} : { dictionary: readSchema(dictionary, depth + 1) }),
  };
}

const releasePrototype = koffi.proto('void', ['void *']);

/** Calls the struct's release callback (schema or array), if it is there: afterwards its memory is gone. */
export function releaseStruct(address: number, releaseOffset: number): void {
  const release = wordAt(address + releaseOffset);
  if (release !== 0) koffi.call(BigInt(release) as Pointer, releasePrototype, BigInt(address));
}
