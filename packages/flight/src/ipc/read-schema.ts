import { type DataType, Dictionary, Field, Int, Schema } from 'apache-arrow';
import type { FlatTable } from './flatbuffer.ts';
import { IpcError, malformed, quoted, unsupported } from './ipc-error.ts';
import { readKeyValues } from './key-values.ts';
import type { IpcLimits } from './limits.ts';
import { readInt, readType } from './read-type.ts';

/** Reads Schema.fbs, Schema; big-endian data, types that can't be held and absurd sizes are refused by name. */
export function readSchema(header: FlatTable, limits: IpcLimits): Schema {
  if (header.int16(0) !== 0) throw unsupported('the data is big-endian, only little-endian data is supported');
  const reader = new SchemaReader(limits);
  const fields = reader.fields(header, 1, '', 0);
  return new Schema(fields, readKeyValues(header, 2) ?? new Map(), reader.dictionaries);
}

class SchemaReader {
  readonly dictionaries = new Map<number, DataType>();
  readonly #dictionaryTexts = new Map<number, string>();
  readonly #limits: IpcLimits;
  #fieldsLeft: number;

  constructor(limits: IpcLimits) {
    this.#limits = limits;
    this.#fieldsLeft = limits.fieldsMax;
  }

  fields(parent: FlatTable, slot: number, path: string, depth: number): Field[] {
    const vector = parent.vector(slot, 4);
    if (!vector) return [];
    this.#fieldsLeft -= vector.length;
    if (this.#fieldsLeft < 0) {
      throw new IpcError('LIMIT_EXCEEDED', `the schema has more than ${this.#limits.fieldsMax} fields`);
    }
    if (depth > this.#limits.nestingMax) {
      throw new IpcError('LIMIT_EXCEEDED', `the schema is nested deeper than ${this.#limits.nestingMax} levels`);
    }
    const fields: Field[] = [];
    for (let i = 0; i < vector.length; i++) fields.push(this.#field(parent.element(vector, i), path, depth));
    return fields;
  }

  #field(table: FlatTable, path: string, depth: number): Field {
    const name = table.string(0) ?? '';
    const ownPath = path + quoted(name);
    const where = `field ${ownPath}`;
    const children = this.fields(table, 5, `${ownPath}.`, depth + 1);
    const type = readType(table.uint8(2), table.table(3), children, where);
    const dictionary = table.table(4);
    return new Field(
      name,
      dictionary ? this.#dictionary(dictionary, type, where) : type,
      table.boolean(1),
      readKeyValues(table, 6) ?? null,
    );
  }

  #dictionary(table: FlatTable, type: DataType, where: string): Dictionary {
    const id = table.int64(0, `${where}: the dictionary's id`);
    const indexTable = table.table(1);
    const indices = indexTable ? readInt(indexTable, where) : new Int(true, 32);
    const known = this.dictionaries.get(id);
    const text = String(type);
    const knownText = this.#dictionaryTexts.get(id) ?? text;
    if (knownText !== text) throw malformed(`${where}: dictionary ${id} is ${text} here and ${knownText} elsewhere`);
    this.#dictionaryTexts.set(id, text);
    this.dictionaries.set(id, known ?? type);
    return new Dictionary(known ?? type, indices as Dictionary['indices'], id, table.boolean(2));
  }
}
