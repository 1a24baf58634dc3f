import { type DataType, type Schema, Vector } from 'apache-arrow';
import type { FlightMessage } from '../flight-message.ts';
import { BatchBuffers } from '../ipc/buffers.ts';
import { IpcError, malformed } from '../ipc/ipc-error.ts';
import { defaultIpcLimits, type IpcLimits } from '../ipc/limits.ts';
import { type IpcMessage, MessageKind, readMessage } from '../ipc/message.ts';
import { readColumns, readDictionaryValues } from '../ipc/read-columns.ts';
import { readSchema } from '../ipc/read-schema.ts';
import { recordBatchOf } from '../ipc/record-batch.ts';
import { decodeFlightData, type FlightFrame } from '../wire/flight-data.ts';
import { decodeDescriptor } from '../wire/messages.ts';

const EMPTY = new Uint8Array(0);

/**
 * Decodes the FlightData messages of one stream, in order. Everything is checked before it is used; batches are views of
 * the bytes given, which must not change afterwards. A schema replaces the one before it and its dictionaries.
 * Throws IpcError; the stream can't be read on after that.
 */
export class FlightDataDecoder {
  readonly #limits: IpcLimits;
  #schema: Schema | undefined;
  #dictionaries = new Map<number, Vector>();
  #dictionaryBytes = 0;

  constructor(limits: Partial<IpcLimits> = {}) {
    this.#limits = { ...defaultIpcLimits, ...limits };
  }

  /** Undefined where the message holds nothing for the application (a dictionary, or nothing at all). */
  decode(bytes: Uint8Array): FlightMessage | undefined {
    const frame = decodeFlightData(bytes);
    const extras: Pick<FlightMessage, 'descriptor' | 'appMetadata'> = {
      ...(frame.descriptor && { descriptor: decodeDescriptor(frame.descriptor) }),
      ...(frame.appMetadata && frame.appMetadata.length > 0 && { appMetadata: frame.appMetadata }),
    };
    const content = frame.header && frame.header.length > 0 ? this.#decodeContent(frame, frame.header) : undefined;
    if (!content && !extras.descriptor && !extras.appMetadata) return undefined;
    return { ...extras, ...content };
  }

  #decodeContent(frame: FlightFrame, header: Uint8Array): Pick<FlightMessage, 'schema' | 'batch'> | undefined {
    const message = readMessage(header);
    const body = frame.body ?? EMPTY;
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
        return undefined;
      default:
        throw malformed(`IPC messages of kind ${message.kind} don't belong into a Flight stream`);
    }
  }

  #replaceSchema(schema: Schema): Schema {
    this.#schema = schema;
    this.#dictionaries = new Map();
    this.#dictionaryBytes = 0;
    return schema;
  }

  #decodeBatch(message: IpcMessage, body: Uint8Array) {
    const schema = this.#schema;
    if (!schema) throw malformed('a record batch came before its schema');
    const buffers = new BatchBuffers(message.header, body, this.#limits);
    const source = { buffers, dictionaries: this.#dictionaries, version: message.version };
    return recordBatchOf(schema, readColumns(schema.fields, buffers.rows, source), buffers.rows, message.metadata);
  }

  #decodeDictionary(message: IpcMessage, body: Uint8Array): void {
    const id = message.header.int64(0, 'the dictionary id');
    const type: DataType | undefined = this.#schema?.dictionaries.get(id);
    if (!type) throw malformed(`dictionary ${id} is not in the schema`);
    const header = message.header.table(1);
    if (!header) throw malformed(`dictionary ${id} has no values`);
    const buffers = new BatchBuffers(header, body, this.#limits);
    const data = readDictionaryValues(type, id, {
      buffers,
      dictionaries: this.#dictionaries,
      version: message.version,
    });
    const before = this.#dictionaries.get(id);
    const isDelta = message.header.boolean(2);
    this.#dictionaryBytes += data.byteLength - (before && !isDelta ? before.byteLength : 0);
    if (this.#dictionaryBytes > this.#limits.dictionaryBytesMax) {
      throw new IpcError('LIMIT_EXCEEDED', `the dictionaries are over ${this.#limits.dictionaryBytesMax} bytes`);
    }
    this.#dictionaries.set(id, before && isDelta ? new Vector([...before.data, data]) : new Vector([data]));
  }
}
