import { type DataType, type List, type Struct, Type } from 'apache-arrow';
import { BoolColumn } from './bool.ts';
import type { Column } from './column.ts';
import { Int32Column } from './int32.ts';
import { ListColumn } from './list.ts';
import { StructColumn } from './struct.ts';
import { TextColumn } from './text.ts';
import { WordsColumn } from './words.ts';

/** A column for an Arrow type of the signal tables. */
export function createColumn(type: DataType): Column {
  switch (type.typeId) {
    case Type.Utf8:
      return new TextColumn();
    case Type.Int:
      return (type as { bitWidth?: number }).bitWidth === 32 ? new Int32Column() : new WordsColumn(type);
    case Type.Float:
    case Type.Timestamp:
      return new WordsColumn(type);
    case Type.Bool:
      return new BoolColumn();
    case Type.List:
      return new ListColumn(createColumn((type as List).valueType), type as List);
    case Type.Struct:
      return new StructColumn(
        type as Struct,
        Object.fromEntries((type as Struct).children.map((field) => [field.name, createColumn(field.type)])),
      );
    default:
      throw new TypeError(`no column for the Arrow type ${type}`);
  }
}
