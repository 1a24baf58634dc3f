import type { Schema } from 'apache-arrow';
import type { FlightMessage } from '../flight-message.ts';
import { IpcDecoder } from '../ipc/ipc-decoder.ts';
import type { IpcLimits } from '../ipc/limits.ts';
import { writeSchema } from '../ipc/write-schema.ts';
import { decodeFlightData } from '../wire/flight-data.ts';
import { decodeDescriptor } from '../wire/messages.ts';
import { rememberEncoded } from './encoded-batch.ts';

const EMPTY = new Uint8Array(0);

/**
 * Decodes the FlightData messages of one stream, in order. Everything is checked before it is used; batches are views of
 * the bytes given, which must not change afterwards. A schema replaces the one before it and its dictionaries.
 * Throws IpcError; the stream can't be read on after that.
 *
 * A batch that this package's encoder made remembers the message that it came in: encoded again, it goes out as it came.
 */
export class FlightDataDecoder {
  readonly #ipc: IpcDecoder;
  #passesOn = false;

  constructor(limits: Partial<IpcLimits> = {}) {
    this.#ipc = new IpcDecoder(limits);
  }

  /** Undefined where the message holds nothing for the application (a dictionary, or nothing at all). */
  decode(bytes: Uint8Array): FlightMessage | undefined {
    const { descriptor, header, appMetadata, body = EMPTY } = decodeFlightData(bytes);
    const content = header && header.length > 0 ? this.#ipc.decode(header, body) : {};
    if (content.schema) this.#passesOn = isOurs(content.schema, header!);
    else if (content.batch && this.#passesOn) rememberEncoded(content.batch, { header: header!, body });
    const message: FlightMessage = {
      ...(descriptor && { descriptor: decodeDescriptor(descriptor) }),
      ...content,
      ...(appMetadata && appMetadata.length > 0 && { appMetadata }),
    };
    return Object.keys(message).length > 0 ? message : undefined;
  }
}

/**
 * Whether batches under this schema may be passed on as they are: the schema will be announced in the very bytes in which it came,
 * and no dictionary has to go before them.
 */
function isOurs(schema: Schema, header: Uint8Array): boolean {
  return schema.dictionaries.size === 0 && Buffer.compare(writeSchema(schema), header) === 0;
}
