import type { Data, RecordBatch, Schema } from 'apache-arrow';
import type { FlightMessage } from '../flight-message.ts';
import { layoutBody } from '../ipc/body.ts';
import { type ColumnDictionary, collectDictionaries } from '../ipc/collect-dictionaries.ts';
import type { Compression } from '../ipc/compression.ts';
import { emptyData } from '../ipc/empty-data.ts';
import { type BatchHeader, writeBatchHeader } from '../ipc/write-batch-header.ts';
import { collectBuffers } from '../ipc/write-columns.ts';
import { writeSchema } from '../ipc/write-schema.ts';
import { encodeFlightData, type FlightFrame } from '../wire/flight-data.ts';
import { encodeDescriptor } from '../wire/messages.ts';
import { SchemaTracker } from './schema-tracker.ts';
import { splitMessage } from './split-message.ts';

/** One FlightData message in parts: written one after the other, they are the message. */
export type EncodedMessage = readonly Uint8Array[];

export interface EncodeOptions {
  /** Compresses the bodies; readers of any implementation understand both. */
  readonly compression?: Compression | undefined;
}

/**
 * Encodes the messages of one stream, in order. The parts refer to the batches' own memory: it must not change until they
 * are written. Dictionaries go out once, then again only where they changed: what was appended as deltas.
 */
export class FlightDataEncoder {
  readonly #compression: Compression | undefined;
  readonly #schemas = new SchemaTracker();
  readonly #sent = new Map<number, readonly Data[]>();

  constructor(options: EncodeOptions = {}) {
    this.#compression = options.compression;
  }

  encode(message: FlightMessage): EncodedMessage[] {
    return splitMessage(message, this.#schemas).flatMap((part) => this.#encodePart(part));
  }

  #encodePart(message: FlightMessage): EncodedMessage[] {
    const frame: Omit<FlightFrame, 'body'> = {
      descriptor: message.descriptor && encodeDescriptor(message.descriptor),
      appMetadata: message.appMetadata,
    };
    if (message.schema) return [this.#encodeSchema(message.schema, frame)];
    if (message.batch) return this.#encodeBatch(message.batch, frame);
    return [encodeFlightData(frame)];
  }

  #encodeSchema(schema: Schema, frame: FlightFrame): EncodedMessage {
    this.#sent.clear();
    return encodeFlightData({ ...frame, header: writeSchema(schema) });
  }

  #encodeBatch(batch: RecordBatch, frame: FlightFrame): EncodedMessage[] {
    const columns = batch.data.children;
    const messages = collectDictionaries(columns).flatMap((dictionary) => this.#encodeDictionary(dictionary));
    messages.push(this.#encodeColumns(columns, batch.numRows, frame, undefined, batch.metadata));
    return messages;
  }

  #encodeDictionary({ id, chunks, type }: ColumnDictionary): EncodedMessage[] {
    const sent = this.#sent.get(id);
    const pieces = chunks.length > 0 ? chunks : [emptyData(type)];
    if (sent && chunks.length === 0) return [];
    const extended =
      sent !== undefined && sent.length <= pieces.length && sent.every((piece, i) => piece === pieces[i]);
    this.#sent.set(id, pieces);
    const first = extended ? sent.length : 0;
    return pieces.slice(first).map((piece, i) => {
      const isDelta = first + i > 0;
      return this.#encodeColumns([piece], piece.length, {}, { id, isDelta });
    });
  }

  #encodeColumns(
    columns: readonly Data[],
    rows: number,
    frame: FlightFrame,
    dictionary?: BatchHeader['dictionary'],
    metadata?: Map<string, string>,
  ): EncodedMessage {
    const { nodes, buffers, variadicCounts } = collectBuffers(columns, rows);
    const body = layoutBody(buffers, this.#compression);
    const header: BatchHeader = {
      rows,
      nodes,
      regions: body.regions,
      variadicCounts,
      bodyLength: body.length,
      compression: this.#compression,
      ...(dictionary && { dictionary }),
      ...(metadata && { metadata }),
    };
    return encodeFlightData({ ...frame, header: writeBatchHeader(header) }, body.parts);
  }
}
