import {
  type DataType,
  Field,
  makeBuilder,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
} from 'apache-arrow';
import { type EncodedFile, type EncodeOptions, encodePacked } from '../encode.ts';
import { unionSchema } from '../encoder.ts';
import { packBatches } from '../pack.ts';

export type Columns = Readonly<Record<string, readonly [type: DataType, values: readonly unknown[]]>>;

/** A batch of nullable columns, given as plain values. */
export function batchOf(columns: Columns): RecordBatch {
  const fields: Field[] = [];
  const children = Object.entries(columns).map(([name, [type, values]]) => {
    const builder = makeBuilder({ type, nullValues: [null, undefined] });
    for (const value of values) builder.append(value);
    fields.push(new Field(name, type, true));
    return builder.finish().flush();
  });
  return new RecordBatch(
    new Schema(fields),
    makeData({ type: new Struct(fields), length: children[0]?.length ?? 0, nullCount: 0, children }),
  );
}

/** A batch with a column `hour` (hours since 1970) before the others. */
export function batchWithHours(hours: readonly number[], columns: Columns): RecordBatch {
  const type = new TimestampMicrosecond('UTC');
  const data = BigInt64Array.from(hours, (hour) => BigInt(hour) * 3_600_000_000n);
  const batch = batchOf(columns);
  const fields = [new Field('hour', type, false), ...batch.schema.fields];
  const children = [makeData({ type, length: hours.length, nullCount: 0, data }), ...batch.data.children];
  return new RecordBatch(
    new Schema(fields),
    makeData({ type: new Struct(fields), length: hours.length, nullCount: 0, children }),
  );
}

/** Encodes on the calling thread. */
export const encode = (batches: readonly RecordBatch[], options?: EncodeOptions): EncodedFile[] =>
  encodePacked(packBatches(batches, unionSchema(batches)), options);
