import type { RecordBatch } from 'apache-arrow';
import type { WireWriter } from '../wire/writer.ts';
import { type Cells, cellsOf } from './cells.ts';

/** Writes a column's value as a field of the message in the making, or nothing where it is null or protobuf's default. */
export type FieldWriter = (out: WireWriter, row: number) => void;

const none: FieldWriter = () => {};

/** A text field. */
export function bytesField(batch: RecordBatch, column: string, field: number): FieldWriter {
  return textOf(cellsOf(batch, column), field);
}

/** A varint field: integers and enums. */
export function integerField(batch: RecordBatch, column: string, field: number): FieldWriter {
  return integerOf(cellsOf(batch, column), field);
}

/** An id's bytes, from hexadecimal. */
export function idField(batch: RecordBatch, column: string, field: number): FieldWriter {
  return idOf(cellsOf(batch, column), field);
}

/** A fixed64 field. */
export function fixed64Field(batch: RecordBatch, column: string, field: number): FieldWriter {
  return fixed64Of(cellsOf(batch, column), field);
}

/** A fixed32 field. */
export function fixed32Field(batch: RecordBatch, column: string, field: number): FieldWriter {
  return fixed32Of(cellsOf(batch, column), field);
}

export function textOf(cells: Cells | undefined, field: number): FieldWriter {
  if (!cells) return none;
  return (out, row) => {
    if (cells.isNull(row)) return;
    const text = cells.text(row);
    if (text.length > 0) out.bytes(field, text);
  };
}

export function idOf(cells: Cells | undefined, field: number): FieldWriter {
  if (!cells) return none;
  return (out, row) => {
    if (cells.isNull(row)) return;
    const id = cells.hex(row);
    if (id.length > 0) out.bytes(field, id);
  };
}

export function integerOf(cells: Cells | undefined, field: number): FieldWriter {
  if (!cells) return none;
  return (out, row) => {
    if (cells.isNull(row)) return;
    cells.integer(row);
    if ((cells.lo | cells.hi) === 0) return;
    out.tag(field, 0);
    out.varint64(cells.lo, cells.hi);
  };
}

export function fixed64Of(cells: Cells | undefined, field: number): FieldWriter {
  if (!cells) return none;
  return (out, row) => {
    if (cells.isNull(row)) return;
    cells.integer(row);
    if ((cells.lo | cells.hi) === 0) return;
    out.tag(field, 1);
    out.fixed64(cells.lo, cells.hi);
  };
}

export function fixed32Of(cells: Cells | undefined, field: number): FieldWriter {
  if (!cells) return none;
  return (out, row) => {
    if (cells.isNull(row)) return;
    cells.integer(row);
    if (cells.lo === 0) return;
    out.tag(field, 5);
    out.fixed32(cells.lo);
  };
}

/** A field that has presence: a 64-bit column's value, zero or not. */
export function presentFixed64Of(cells: Cells | undefined, field: number): FieldWriter {
  if (!cells) return none;
  return (out, row) => {
    if (cells.isNull(row)) return;
    cells.integer(row);
    out.tag(field, 1);
    out.fixed64(cells.lo, cells.hi);
  };
}

/** A double with presence. */
export function presentDoubleOf(cells: Cells | undefined, field: number): FieldWriter {
  if (!cells) return none;
  return (out, row) => {
    if (cells.isNull(row)) return;
    out.tag(field, 1);
    out.double(cells.number(row));
  };
}

/** A sint32. */
export function zigzagOf(cells: Cells | undefined, field: number): FieldWriter {
  if (!cells) return none;
  return (out, row) => {
    const value = cells.isNull(row) ? 0 : cells.number(row);
    if (value === 0) return;
    out.tag(field, 0);
    out.varint32((value << 1) ^ (value >> 31));
  };
}
