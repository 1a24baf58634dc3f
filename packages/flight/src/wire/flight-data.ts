import { padding } from '../ipc/body.ts';
import { malformed } from '../ipc/ipc-error.ts';

/** One FlightData message of the protocol; absent where empty. */
export interface FlightFrame {
  /** A FlightDescriptor, encoded. */
  readonly descriptor?: Uint8Array | undefined;
  /** The flatbuffer of an IPC message. */
  readonly header?: Uint8Array | undefined;
  readonly appMetadata?: Uint8Array | undefined;
  readonly body?: Uint8Array | undefined;
}

const EMPTY = new Uint8Array(0);
const TAG_DESCRIPTOR = 0x0a;
const TAG_HEADER = 0x12;
const TAG_APP_METADATA = 0x1a;
const TAG_BODY = 1000 * 8 + 2;
/** Buffers below this are copied together: a write of its own would cost more than the copy. */
const COPY_BYTES_MAX = 4096;

/**
 * Encodes a FlightData message whose body is given as buffers, each to be followed by zeros up to a multiple of 8.
 * Large buffers become parts of the result as they are, without being copied. The header is padded with zeros (which
 * flatbuffers allow) so that the body lies at a multiple of 8 where the message itself begins at `start` modulo 8: then
 * its receiver can use it without a copy.
 */
export function encodeFlightData(
  frame: Omit<FlightFrame, 'body'>,
  bodyParts: readonly Uint8Array[] = [],
  start = 0,
): Uint8Array[] {
  const { descriptor = EMPTY, header = EMPTY, appMetadata = EMPTY } = frame;
  let bodyLength = 0;
  let copied = 0;
  for (const part of bodyParts) {
    bodyLength += part.length + padding(part.length);
    copied += padding(part.length) + (part.length < COPY_BYTES_MAX ? part.length : 0);
  }
  const around =
    fieldBytes(1, descriptor.length) +
    fieldBytes(1, appMetadata.length) +
    (bodyLength > 0 ? 2 + varintBytes(bodyLength) : 0);
  let headerLength = header.length;
  if (bodyLength > 0) while ((start + around + fieldBytes(1, headerLength)) % 8 !== 0) headerLength++;
  const writer = new PartWriter(around + fieldBytes(1, headerLength) + copied);
  writer.field(TAG_DESCRIPTOR, descriptor, descriptor.length);
  writer.field(TAG_HEADER, header, headerLength);
  writer.field(TAG_APP_METADATA, appMetadata, appMetadata.length);
  if (bodyLength > 0) {
    writer.varint(TAG_BODY);
    writer.varint(bodyLength);
    for (const part of bodyParts) {
      if (part.length < COPY_BYTES_MAX) writer.copy(part);
      else writer.reference(part);
      writer.zeros(padding(part.length));
    }
  }
  return writer.finish();
}

/** Decodes a FlightData message; everything in it is a view of `bytes`. Fields that it doesn't know are passed over. */
export function decodeFlightData(bytes: Uint8Array): FlightFrame {
  const frame: { -readonly [K in keyof FlightFrame]: FlightFrame[K] } = {};
  const reader = new FieldReader(bytes);
  while (!reader.done) {
    const tag = reader.varint();
    switch (tag) {
      case TAG_DESCRIPTOR:
        frame.descriptor = reader.bytes();
        break;
      case TAG_HEADER:
        frame.header = reader.bytes();
        break;
      case TAG_APP_METADATA:
        frame.appMetadata = reader.bytes();
        break;
      case TAG_BODY:
        frame.body = reader.bytes();
        break;
      default:
        reader.skip(tag);
    }
  }
  return frame;
}

/**
 * How many bytes to leave free before a message, given its first bytes, so that its body lies at a multiple of 8 in a
 * buffer that does. 0 where the body doesn't show yet.
 */
export function paddingForBody(head: Uint8Array): number {
  for (let position = 0; position < head.length; ) {
    const [tag, afterTag] = varintAt(head, position);
    const [length, content] = varintAt(head, afterTag);
    if (tag === TAG_BODY) return -content & 7;
    if (tag % 8 !== 2) return 0;
    position = content + length;
  }
  return 0;
}

function varintAt(bytes: Uint8Array, position: number): [value: number, next: number] {
  let value = 0;
  for (let factor = 1; position < bytes.length; factor *= 128) {
    const byte = bytes[position++]!;
    value += (byte & 127) * factor;
    if (byte < 128) return [value, position];
  }
  return [0, bytes.length];
}

class PartWriter {
  readonly #parts: Uint8Array[] = [];
  readonly #bytes: Uint8Array;
  #position = 0;
  #partStart = 0;

  constructor(bytes: number) {
    this.#bytes = new Uint8Array(bytes);
  }

  field(tag: number, bytes: Uint8Array, length: number): void {
    if (length === 0) return;
    this.varint(tag);
    this.varint(length);
    this.#bytes.set(bytes, this.#position);
    this.#position += length;
  }

  varint(value: number): void {
    while (value > 127) {
      this.#bytes[this.#position++] = (value % 128) + 128;
      value = Math.floor(value / 128);
    }
    this.#bytes[this.#position++] = value;
  }

  copy(part: Uint8Array): void {
    this.#bytes.set(part, this.#position);
    this.#position += part.length;
  }

  zeros(count: number): void {
    this.#position += count;
  }

  reference(part: Uint8Array): void {
    this.#cut();
    this.#parts.push(part);
  }

  finish(): Uint8Array[] {
    this.#cut();
    return this.#parts;
  }

  #cut(): void {
    if (this.#position > this.#partStart) this.#parts.push(this.#bytes.subarray(this.#partStart, this.#position));
    this.#partStart = this.#position;
  }
}

class FieldReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#position >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 63; factor *= 128) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw malformed('a FlightData message is cut off');
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw malformed('a FlightData message has a number of more than ten bytes');
  }

  bytes(): Uint8Array {
    const length = this.varint();
    const start = this.#position;
    if (length > this.#bytes.length - start) throw malformed('a FlightData message is cut off');
    this.#position += length;
    return this.#bytes.subarray(start, start + length);
  }

  skip(tag: number): void {
    switch (tag % 8) {
      case 0:
        this.varint();
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.#advance(this.varint());
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw malformed(`a FlightData message has a field of wire type ${tag % 8}`);
    }
  }

  #advance(bytes: number): void {
    this.#position += bytes;
    if (this.#position > this.#bytes.length) throw malformed('a FlightData message is cut off');
  }
}

function fieldBytes(tagBytes: number, length: number): number {
  return length === 0 ? 0 : tagBytes + varintBytes(length) + length;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (; value > 127; value = Math.floor(value / 128)) bytes++;
  return bytes;
}
