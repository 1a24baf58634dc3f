import { writeAnyValue } from '../attributes/any-value-json.ts';
import type { WireReader } from '../wire/reader.ts';
import type { ListColumn } from './list.ts';
import type { StructColumn } from './struct.ts';
import type { TextColumn } from './text.ts';

/** A list of attributes a row: keys, and values in OTLP's JSON. */
export type KeyValueListColumn = ListColumn<StructColumn<{ key: TextColumn; value: TextColumn }>>;

/** Adds the attribute with the key at `keyPos` and the AnyValue in [valuePos, valueEnd) to a row's list. */
export function addKeyValue(
  list: KeyValueListColumn,
  row: number,
  wire: WireReader,
  keyPos: number,
  keyLength: number,
  valuePos: number,
  valueEnd: number,
): void {
  const element = list.add(row);
  const { key, value } = list.child.fields;
  key.append(element, wire, keyPos, keyLength);
  value.begin(element, valueEnd - valuePos);
  writeAnyValue(value, wire, valuePos, valueEnd);
  value.finish(element);
}
