import type { FlightMessage } from '../flight-message.ts';
import type { Compression } from '../ipc/compression.ts';
import { IpcEncoder } from '../ipc/ipc-encoder.ts';
import { encodeFlightData, type FlightFrame } from '../wire/flight-data.ts';
import { encodeDescriptor } from '../wire/messages.ts';
import { encodedForm } from './encoded-batch.ts';
import { SchemaTracker } from './schema-tracker.ts';
import { splitMessage } from './split-message.ts';

/** One FlightData message in parts: written one after the other, they are the message. */
export type EncodedMessage = readonly Uint8Array[];

export interface EncodeOptions {
  /** Compresses the bodies; readers of any implementation understand both. */
  readonly compression?: Compression | undefined;
  /** Where, modulo 8, the receiver's buffer will hold the first byte of each message: see encodeFlightData. Default 0. */
  readonly messageStart?: number | undefined;
}

/**
 * Encodes the messages of one stream, in order. The parts refer to the batches' own memory: it must not change until they
 * are written.
 */
export class FlightDataEncoder {
  readonly #ipc: IpcEncoder;
  readonly #schemas = new SchemaTracker();
  readonly #messageStart: number;
  readonly #compresses: boolean;

  constructor(options: EncodeOptions = {}) {
    this.#ipc = new IpcEncoder(options.compression);
    this.#messageStart = options.messageStart ?? 0;
    this.#compresses = options.compression !== undefined;
  }

  encode(message: FlightMessage): EncodedMessage[] {
    return splitMessage(message, this.#schemas).flatMap((part) => this.#encodePart(part));
  }

  #encodePart(message: FlightMessage): EncodedMessage[] {
    const frame: Omit<FlightFrame, 'body'> = {
      descriptor: message.descriptor && encodeDescriptor(message.descriptor),
      appMetadata: message.appMetadata,
    };
    if (message.schema) return [encodeFlightData({ ...frame, header: this.#ipc.schema(message.schema).header })];
    if (!message.batch) return [encodeFlightData(frame)];
    const form = this.#compresses ? undefined : encodedForm(message.batch);
    if (form) return [encodeFlightData({ ...frame, header: form.header }, [form.body], this.#messageStart)];
    const units = this.#ipc.batch(message.batch);
    return units.map(({ header, body }, i) =>
      encodeFlightData(i === units.length - 1 ? { ...frame, header } : { header }, body?.parts, this.#messageStart),
    );
  }
}
