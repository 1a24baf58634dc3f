import { type DataType, type RecordBatch, type Schema, Vector } from 'apache-arrow';
import { BatchBuffers } from './buffers.ts';
import { IpcError, malformed } from './ipc-error.ts';
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
  #dictionaries = new Map<number, Vector>();
  #dictionaryBytes = 0;

  constructor(limits: Partial<IpcLimits> = {}) {
    this.#limits = { ...defaultIpcLimits, ...limits };
  }

  decode(header: Uint8Array, body: Uint8Array): IpcContent {
    return this.decodeMessage(readMessage(header), body);
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
    this.#dictionaries = new Map();
    this.#dictionaryBytes = 0;
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
    const id = message.header.int64(0, 'the dictionary id');
    const type: DataType | undefined = this.#schema?.dictionaries.get(id);
    if (!type) throw malformed(`dictionary ${id} is not in the schema`);
    const header = message.header.table(1);
    if (!header) throw malformed(`dictionary ${id} has no values`);
    const buffers = new BatchBuffers(header, body, this.#limits);
    const data = readDictionaryValues(type, id, this.#source(buffers, message));
    const before = this.#dictionaries.get(id);
    const isDelta = message.header.boolean(2);
    this.#dictionaryBytes += data.byteLength - (before && !isDelta ? before.byteLength : 0);
    if (this.#dictionaryBytes > this.#limits.dictionaryBytesMax) {
      throw new IpcError('LIMIT_EXCEEDED', `the dictionaries are over ${this.#limits.dictionaryBytesMax} bytes`);
    }
    this.#dictionaries.set(id, before && isDelta ? new Vector([...before.data, data]) : new Vector([data]));
  }

  #source(buffers: BatchBuffers, message: IpcMessage): ColumnSource {
    return { buffers, dictionaries: this.#dictionaries, version: message.version };
  }
}
