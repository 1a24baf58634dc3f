import { SchemaError, type TableMetadata } from '@signaldb/iceberg';
import { ConformError, type SignalTable, signalTables, type TableName } from '@signaldb/otlp';
import { type EncodedFile, type EncodeOptions, type Encoder, ParquetError } from '@signaldb/parquet';
import type { RecordBatch, Schema } from 'apache-arrow';
import { type Partitioning, type PartitionTuple, partitioningOf, partitionRows } from './partitioning.ts';
import { groupByTypes } from './schema-groups.ts';

/** The signal that a table's rows are of; undefined for a user's own table. */
export const signalTableOf = (name: string): SignalTable | undefined =>
  Object.hasOwn(signalTables, name) ? signalTables[name as TableName] : undefined;

/** By what the rows of a signal's table are sorted, as Iceberg's sort order says it. */
export const sortTerms = (signal: SignalTable): string[] =>
  signal.name === 'traces' ? ['truncate[1000000000](start_time)', 'trace_id', 'start_time'] : ['service_name', 'time'];

export interface EncodedPart {
  readonly encoded: EncodedFile;
  readonly partition: PartitionTuple;
}

export interface EncodedRows {
  readonly parts: readonly EncodedPart[];
  /** The columns of the parts; several where a column has several types. */
  readonly schemas: readonly Schema[];
}

/** How rows of a table become files: which columns, in which order, divided how. */
export class TableLayout {
  readonly #signal: SignalTable | undefined;
  readonly #order: EncodeOptions;
  readonly #partitioning: Partitioning;

  constructor(name: string, metadata: TableMetadata) {
    this.#signal = signalTableOf(name);
    this.#partitioning = partitioningOf(metadata);
    this.#order = this.#signal ? signalOrder(this.#signal) : {};
  }

  /** Batches may differ in their columns' types, as a table that was widened has them. Throws ParquetError for values that can't be stored. */
  async encode(encoder: Encoder, batches: readonly RecordBatch[]): Promise<EncodedRows> {
    const parts: EncodedPart[] = [];
    const schemas: Schema[] = [];
    for (const { schema, batches: alike } of groupByTypes(batches)) {
      schemas.push(schema);
      parts.push(...(await this.#encodeAlike(encoder, alike, schema)));
    }
    return { schemas, parts };
  }

  async #encodeAlike(encoder: Encoder, batches: readonly RecordBatch[], schema: Schema): Promise<EncodedPart[]> {
    if (this.#partitioning.kind !== 'spec') {
      const splitByHour = this.#partitioning.kind === 'hour';
      const files = await encoder.encode(batches, { ...this.#order, splitByHour, schema });
      return files.map((encoded) => ({ encoded, partition: splitByHour ? [encoded.hour!] : [] }));
    }
    const { groups, tuples } = partitionRows(batches, this.#partitioning.fields);
    const files = await encoder.encode(batches, { ...this.#order, groups, schema });
    return files.map((encoded) => ({ encoded, partition: tuples[encoded.group!]! }));
  }
}

function signalOrder(signal: SignalTable): EncodeOptions {
  if (signal.name === 'traces') return { order: 'trace', traceSidecars: true, timeColumn: signal.timeColumn };
  return { order: ['service_name', 'time'], timeColumn: signal.timeColumn };
}

/** Whether an error says that rows can never be stored, however often it is tried. */
export const isUnstorable = (error: unknown): boolean =>
  error instanceof SchemaError || error instanceof ParquetError || error instanceof ConformError;
