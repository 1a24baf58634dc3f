import type { FlightMessage } from '../flight-message.ts';
import { IpcDecoder } from '../ipc/ipc-decoder.ts';
import type { IpcLimits } from '../ipc/limits.ts';
import { decodeFlightData } from '../wire/flight-data.ts';
import { decodeDescriptor } from '../wire/messages.ts';

const EMPTY = new Uint8Array(0);

/**
 * Decodes the FlightData messages of one stream, in order. Everything is checked before it is used; batches are views of
 * the bytes given, which must not change afterwards. A schema replaces the one before it and its dictionaries.
 * Throws IpcError; the stream can't be read on after that.
 */
export class FlightDataDecoder {
  readonly #ipc: IpcDecoder;

  constructor(limits: Partial<IpcLimits> = {}) {
    this.#ipc = new IpcDecoder(limits);
  }

  /** Undefined where the message holds nothing for the application (a dictionary, or nothing at all). */
  decode(bytes: Uint8Array): FlightMessage | undefined {
    const { descriptor, header, appMetadata, body = EMPTY } = decodeFlightData(bytes);
    const content = header && header.length > 0 ? this.#ipc.decode(header, body) : {};
    const message: FlightMessage = {
      ...(descriptor && { descriptor: decodeDescriptor(descriptor) }),
      ...content,
      ...(appMetadata && appMetadata.length > 0 && { appMetadata }),
    };
    return Object.keys(message).length > 0 ? message : undefined;
  }
}
