import type { RecordBatch, Schema } from 'apache-arrow';
import { BatchBuffers } from './buffers.ts';
import { Dictionaries } from './dictionaries.ts';
import { malformed } from './ipc-error.ts';
import { defaultIpcLimits, type IpcLimits } from './limits.ts';
import { type IpcMessage, MessageKind, readMessage } from './message.ts';
import { type ColumnSource, readColumns, readDictionaryValues } from './read-columns.ts';
import { readSchema } from './read-schema.ts';
import { recordBatchOf } from './record-batch.ts';

/** What an IPC message held; neither where it was a dictionary. */
export interface IpcContent {
  readonly schema?: Schema;
  readonly batch?: RecordBatch;
}

/**
 * Decodes the IPC messages of one stream, in order. Everything is checked before it is used; batches are views of the
 * bytes given. A schema replaces the one before it and its dictionaries. Throws IpcError.
 */
export class IpcDecoder {
  readonly #limits: IpcLimits;
  #schema: Schema | undefined;
  #dictionaries: Dictionaries;

  constructor(limits: Partial<IpcLimits> = {}) {
    this.#limits = { ...defaultIpcLimits, ...limits };
    this.#dictionaries = new Dictionaries(new Map(), this.#limits);
  }

  decode(header: Uint8Array, body: Uint8Array): IpcContent {
    return this.decodeMessage(this.readMessage(header), body);
  }

  /** The envelope alone, for `decodeMessage`. */
  readMessage(header: Uint8Array): IpcMessage {
    return readMessage(header, this.#limits.headerBytesMax);
  }

  decodeMessage(message: IpcMessage, body: Uint8Array): IpcContent {
    if (message.bodyLength > body.length) {
      throw malformed(`the message announces a body of ${message.bodyLength} bytes, it has ${body.length}`);
    }
    switch (message.kind) {
      case MessageKind.schema:
        return { schema: this.#replaceSchema(readSchema(message.header, this.#limits)) };
      case MessageKind.recordBatch:
        return { batch: this.#decodeBatch(message, body) };
      case MessageKind.dictionaryBatch:
        this.#decodeDictionary(message, body);
        return {};
      default:
        throw malformed(`IPC messages of kind ${message.kind} don't belong into a stream of batches`);
    }
  }

  #replaceSchema(schema: Schema): Schema {
    this.#schema = schema;
    this.#dictionaries = new Dictionaries(schema.dictionaries, this.#limits);
    return schema;
  }

  #decodeBatch(message: IpcMessage, body: Uint8Array): RecordBatch {
    const schema = this.#schema;
    if (!schema) throw malformed('a record batch came before its schema');
    const buffers = new BatchBuffers(message.header, body, this.#limits);
    const columns = readColumns(schema.fields, buffers.rows, this.#source(buffers, message));
    return recordBatchOf(schema, columns, buffers.rows, message.metadata);
  }

  #decodeDictionary(message: IpcMessage, body: Uint8Array): void {
    if (!this.#schema) throw malformed('a dictionary came before its schema');
    const id = message.header.int64(0, 'the dictionary id');
    const type = this.#dictionaries.typeOf(id);
    const header = message.header.table(1);
    if (!header) throw malformed(`dictionary ${id} has no values`);
    const kept = ofItsOwn(body);
    const buffers = new BatchBuffers(header, kept, this.#limits);
    const piece = readDictionaryValues(type, id, this.#source(buffers, message));
    this.#dictionaries.add(id, piece, message.header.boolean(2), kept.length);
  }

  #source(buffers: BatchBuffers, message: IpcMessage): ColumnSource {
    return { buffers, dictionaries: this.#dictionaries, version: message.version };
  }
}

/** A dictionary outlives its message: what is a small part of a large buffer is copied, so as not to keep all of it. */
function ofItsOwn(body: Uint8Array): Uint8Array {
  return body.length * 2 < body.buffer.byteLength ? new Uint8Array(body) : body;
}
