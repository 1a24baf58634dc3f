import type { Data, RecordBatch, Schema } from 'apache-arrow';
import { type Body, layoutBody } from './body.ts';
import { type ColumnDictionary, collectDictionaries } from './collect-dictionaries.ts';
import type { Compression } from './compression.ts';
import { emptyData } from './empty-data.ts';
import { type BatchHeader, writeBatchHeader } from './write-batch-header.ts';
import { collectBuffers } from './write-columns.ts';
import { writeSchema } from './write-schema.ts';

/** An IPC message: its flatbuffer and the buffers of its body. */
export interface IpcUnit {
  readonly header: Uint8Array;
  readonly body?: Body;
}

/**
 * Turns batches into IPC messages that refer to the batches' own memory. Dictionaries come before the first batch that
 * needs them, then again only where they changed: what was appended as deltas.
 */
export class IpcEncoder {
  readonly #compression: Compression | undefined;
  readonly #sent = new Map<number, readonly Data[]>();

  constructor(compression?: Compression) {
    this.#compression = compression;
  }

  /** Begins anew with this schema. */
  schema(schema: Schema): IpcUnit {
    this.#sent.clear();
    return { header: writeSchema(schema) };
  }

  /** The messages of a batch, which must be of the schema given last. The batch itself is the last of them. */
  batch(batch: RecordBatch): IpcUnit[] {
    const columns = batch.data.children;
    const units = collectDictionaries(columns).flatMap((dictionary) => this.#dictionary(dictionary));
    units.push(this.#columns(columns, batch.numRows, undefined, batch.metadata));
    return units;
  }

  #dictionary({ id, chunks, type }: ColumnDictionary): IpcUnit[] {
    const sent = this.#sent.get(id);
    if (sent && chunks.length === 0) return [];
    const pieces = chunks.length > 0 ? chunks : [emptyData(type)];
    const extended =
      sent !== undefined && sent.length <= pieces.length && sent.every((piece, i) => piece === pieces[i]);
    this.#sent.set(id, pieces);
    const first = extended ? sent.length : 0;
    return pieces
      .slice(first)
      .map((piece, i) => this.#columns([piece], piece.length, { id, isDelta: first + i > 0 }, undefined));
  }

  #columns(
    columns: readonly Data[],
    rows: number,
    dictionary: BatchHeader['dictionary'],
    metadata: Map<string, string> | undefined,
  ): IpcUnit {
    const { nodes, buffers, variadicCounts } = collectBuffers(columns, rows);
    const body = layoutBody(buffers, this.#compression);
    const header = writeBatchHeader({
      rows,
      nodes,
      regions: body.regions,
      variadicCounts,
      bodyLength: body.length,
      compression: this.#compression,
      ...(dictionary && { dictionary }),
      ...(metadata && { metadata }),
    });
    return { header, body };
  }
}
