// The few opcodes of WebAssembly that the loops need: https://webassembly.github.io/spec/core/binary/instructions.html
const block = [0x02, 0x40];
const loop = [0x03, 0x40];
const end = 0x0b;
const branch = (depth: number) => [0x0c, depth];
const branchIf = (depth: number) => [0x0d, depth];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const load = (offset: number) => [0x28, 2, ...leb(offset)];
const load8 = (offset: number) => [0x2d, 0, ...leb(offset)];
const constant = (value: number) => [0x41, ...leb(value)];
const greaterUnsigned = 0x4b;
const greaterOrEqualUnsigned = 0x4f;
const add = 0x6a;
const and = 0x71;
const xor = 0x73;
const shiftLeft = 0x74;
const shiftRight = 0x76;
const i32 = 0x7f;

// The function's parameters.
const from = 0;
const to = 1;
const crc = 2;

/**
 * A module that imports a memory `m.m`, whose first bytes are `tableCount` tables of 256 words, and exports
 * `u(from, to, crc): crc`, which runs the register over the memory's bytes, `tableCount` (a multiple of 4) at a step.
 */
export function crc32cModule(tableCount: number): Uint8Array<ArrayBuffer> {
  const body = [
    ...[...block, ...loop],
    ...[...get(from), ...constant(tableCount), add, ...get(to), greaterUnsigned, ...branchIf(1)],
    ...[...step(tableCount), ...advance(tableCount), ...branch(0), end, end],
    ...[...block, ...loop],
    ...[...get(from), ...get(to), greaterOrEqualUnsigned, ...branchIf(1)],
    ...[...lastByte(), ...advance(1), ...branch(0), end, end],
    ...[...get(crc), end],
  ];
  const code = [0, ...body]; // no locals
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, i32, i32, i32, 1, i32]),
    ...section(2, [1, 1, 0x6d, 1, 0x6d, 2, 1, 2, 2]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x75, 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}

/** The register and the next bytes through one table a byte. */
function step(tableCount: number): number[] {
  const code = [...get(crc), ...get(from), ...load(0), xor, ...set(crc)];
  for (let i = 0; i < 4; i++) {
    code.push(...get(crc), ...constant(8 * i), shiftRight, ...constant(255), and);
    code.push(...lookUp(tableCount - 1 - i), ...(i > 0 ? [xor] : []));
  }
  for (let i = 4; i < tableCount; i++) {
    code.push(...get(from), ...load8(i), ...lookUp(tableCount - 1 - i), xor);
  }
  return [...code, ...set(crc)];
}

function lastByte(): number[] {
  const index = [...get(from), ...load8(0), ...get(crc), xor, ...constant(255), and];
  return [...index, ...lookUp(0), ...get(crc), ...constant(8), shiftRight, xor, ...set(crc)];
}

/** The word of a table for the byte on the stack. */
function lookUp(table: number): number[] {
  return [...constant(2), shiftLeft, ...load(table * 1024)];
}

function advance(by: number): number[] {
  return [...get(from), ...constant(by), add, ...set(from)];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

/** LEB128 with a spare sign bit, so that it reads the same signed and unsigned. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  while (value > 0x3f) {
    bytes.push((value & 0x7f) | 0x80);
    value >>>= 7;
  }
  return [...bytes, value];
}
