const BYTES_MIN = 256;

/** Writes protobuf. Nested messages are written in place; their length is put before them afterwards. */
export class WireWriter {
  #bytes = new Uint8Array(BYTES_MIN);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  /** What was written, without a copy: good until the next write. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** What was written, as bytes of the caller's own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  #reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.#bytes.length) return;
    const next = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    next.set(this.#bytes.subarray(0, this.length));
    this.#bytes = next;
    this.#view = new DataView(next.buffer);
  }

  tag(field: number, wireType: number): void {
    this.varint32((field << 3) | wireType);
  }

  /** An unsigned 32-bit number. */
  varint32(value: number): void {
    this.#reserve(5);
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.#bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.length++] = rest;
  }

  /** 64 bits, given as two halves. */
  varint64(lo: number, hi: number): void {
    this.#reserve(10);
    let low = lo >>> 0;
    let high = hi >>> 0;
    while (high > 0 || low >= 0x80) {
      this.#bytes[this.length++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#bytes[this.length++] = low;
  }

  fixed32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.length, value, true);
    this.length += 4;
  }

  fixed64(lo: number, hi: number): void {
    this.#reserve(8);
    this.#view.setInt32(this.length, lo, true);
    this.#view.setInt32(this.length + 4, hi, true);
    this.length += 8;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A field of bytes, text or an encoded message. */
  bytes(field: number, bytes: Uint8Array): void {
    this.tag(field, 2);
    this.varint32(bytes.length);
    this.raw(bytes);
  }

  /** Begins a nested message; `close` with what this answers ends it. */
  open(field: number): number {
    this.tag(field, 2);
    this.#reserve(1);
    return ++this.length;
  }

  close(start: number): void {
    const size = this.length - start;
    if (size < 0x80) {
      this.#bytes[start - 1] = size;
      return;
    }
    let extra = 0;
    for (let rest = size >>> 7; rest > 0; rest >>>= 7) extra++;
    this.#reserve(extra);
    this.#bytes.copyWithin(start + extra, start, this.length);
    this.length = start - 1;
    this.varint32(size);
    this.length += size;
  }
}
