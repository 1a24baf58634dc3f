/** A value by its key: bytes under keys that end in `-bin`, text under all others. */
export type MetadataValue = string | Uint8Array;

const keyPattern = /^[0-9a-z_.-]+$/;
const textPattern = /^[\x20-\x7e]*$/;

/**
 * The metadata of a call: keys (case-insensitive) with one or more values, in the order in which they came.
 * Keys ending in `-bin` hold bytes. Setting a key or a value that the wire can't carry throws a TypeError.
 * Specification: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Custom-Metadata).
 */
export class Metadata {
  // As they go over the wire: bytes in base64.
  readonly #values = new Map<string, string[]>();

  constructor(init?: Iterable<readonly [string, MetadataValue]> | Readonly<Record<string, MetadataValue>>) {
    if (!init) return;
    for (const [key, value] of Symbol.iterator in init ? init : Object.entries(init)) this.append(key, value);
  }

  /** From HTTP/2 headers as a flat list of names and values; pseudo-headers and those of the protocol itself are left out. */
  static fromWire(rawHeaders: readonly string[]): Metadata {
    const metadata = new Metadata();
    const values = metadata.#values;
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const key = rawHeaders[i]!;
      if (isProtocolHeader(key)) continue;
      const value = rawHeaders[i + 1]!;
      // Binary values may be joined by commas, which base64 doesn't have.
      const parts = key.endsWith('-bin') ? value.split(',') : [value];
      const present = values.get(key);
      if (present) present.push(...parts);
      else values.set(key, parts);
    }
    return metadata;
  }

  /** The first value; of a `-bin` key its base64. */
  get(key: string): string | undefined {
    return this.#values.get(key.toLowerCase())?.[0];
  }

  /** All values; of a `-bin` key their base64. */
  getAll(key: string): string[] {
    return [...(this.#values.get(key.toLowerCase()) ?? [])];
  }

  /** The first value of a `-bin` key, decoded. */
  getBinary(key: string): Uint8Array | undefined {
    const text = this.#values.get(key.toLowerCase())?.[0];
    return text === undefined ? undefined : Buffer.from(text, 'base64');
  }

  has(key: string): boolean {
    return this.#values.has(key.toLowerCase());
  }

  set(key: string, value: MetadataValue): this {
    key = key.toLowerCase();
    this.#values.set(key, [wireText(key, value)]);
    return this;
  }

  append(key: string, value: MetadataValue): this {
    key = key.toLowerCase();
    const text = wireText(key, value);
    const present = this.#values.get(key);
    if (present) present.push(text);
    else this.#values.set(key, [text]);
    return this;
  }

  delete(key: string): boolean {
    return this.#values.delete(key.toLowerCase());
  }

  get size(): number {
    return this.#values.size;
  }

  /** Every value with its key; bytes under `-bin` keys. */
  *entries(): IterableIterator<[string, MetadataValue]> {
    for (const [key, texts] of this.#values) {
      for (const text of texts) yield [key, key.endsWith('-bin') ? Buffer.from(text, 'base64') : text];
    }
  }

  [Symbol.iterator](): IterableIterator<[string, MetadataValue]> {
    return this.entries();
  }

  /** Adds what is here to HTTP/2 headers; names that belong to the protocol are left out. */
  addTo(headers: Record<string, string | string[]>): void {
    for (const [key, texts] of this.#values) {
      if (!isProtocolHeader(key)) headers[key] = texts.length === 1 ? texts[0]! : texts;
    }
  }
}

function wireText(key: string, value: MetadataValue): string {
  if (!keyPattern.test(key))
    throw new TypeError(`Metadata key ${JSON.stringify(key)} has characters other than 0-9 a-z _ - .`);
  if (key.endsWith('-bin')) {
    if (typeof value === 'string')
      throw new TypeError(`Metadata key "${key}" ends in -bin, so its value must be bytes`);
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64').replace(/=+$/, '');
  }
  if (typeof value !== 'string')
    throw new TypeError(`Metadata key "${key}" doesn't end in -bin, so its value must be text`);
  if (!textPattern.test(value))
    throw new TypeError(`The value of metadata key "${key}" has characters other than printable ASCII`);
  return value;
}

const protocolHeaders = new Set([
  'connection',
  'content-type',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-message',
  'grpc-message-type',
  'grpc-status',
  'grpc-timeout',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

function isProtocolHeader(key: string): boolean {
  return key.charCodeAt(0) === 0x3a /* : */ || protocolHeaders.has(key);
}
