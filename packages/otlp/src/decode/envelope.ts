import { WireError } from '../errors.ts';
import type { WireReader } from '../wire/reader.ts';

const REQUEST_FIELDS = 0b10;
const GROUP_FIELDS = 0b1110; // ResourceSpans, ScopeSpans and their like: origin 1, content 2, schema_url 3

/** Where the message of a resource or scope lies (protobuf lets it come in several pieces), and its schema URL. */
export class Origin {
  /** Starts and ends, in pairs. */
  readonly pieces: number[] = [];
  schemaUrlPos = 0;
  schemaUrlLength = 0;

  clear(): void {
    this.pieces.length = 0;
    this.schemaUrlLength = 0;
  }

  /** Takes a field other than the content, whose tag was read. */
  readField(wire: WireReader, tag: number, end: number): void {
    if (tag !== 0x0a && tag !== 0x1a) {
      wire.skip(tag, end, GROUP_FIELDS);
      return;
    }
    const length = wire.length(end);
    if (tag === 0x0a) this.pieces.push(wire.pos, wire.pos + length);
    else {
      this.schemaUrlPos = wire.pos;
      this.schemaUrlLength = length;
    }
    wire.pos = (wire.pos + length) | 0;
  }

  get bytes(): number {
    let bytes = this.schemaUrlLength;
    for (let i = 0; i < this.pieces.length; i += 2) bytes += this.pieces[i + 1]! - this.pieces[i]!;
    return bytes;
  }
}

/** What the walk over a request calls. */
export interface EnvelopeVisitor {
  /** A span, log record or metric in [pos, end). */
  item(envelope: Envelope, pos: number, end: number): void;
  leaveScope(envelope: Envelope): void;
  leaveResource(envelope: Envelope): void;
}

/** The walk over an export request: resources, in them scopes, in them items. The three signals differ only in the items. */
export class Envelope {
  readonly wire: WireReader;
  readonly resource = new Origin();
  readonly scope = new Origin();
  #budget: number;

  /** `bytesMax` is how much memory the request's rows may take. */
  constructor(wire: WireReader, bytesMax: number) {
    this.wire = wire;
    this.#budget = bytesMax;
  }

  /** Counts memory that rows are about to take. */
  spend(bytes: number): void {
    this.#budget -= bytes;
    if (this.#budget >= 0) return;
    throw new WireError(
      'the request would take too much memory once decoded; send it in smaller parts',
      -1,
      'TOO_LARGE',
    );
  }

  walk(visitor: EnvelopeVisitor): void {
    const { wire } = this;
    const end = wire.size;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if (tag !== 0x0a) {
        wire.skip(tag, end, REQUEST_FIELDS);
        continue;
      }
      const next = (wire.length(end) + wire.pos) | 0;
      this.#walkResource(visitor, wire.pos, next);
      wire.pos = next;
    }
  }

  #walkResource(visitor: EnvelopeVisitor, pos: number, end: number): void {
    const { wire } = this;
    this.#readResource(pos, end);
    wire.pos = pos;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if (tag !== 0x12) {
        wire.skip(tag, end);
        continue;
      }
      const next = (wire.length(end) + wire.pos) | 0;
      this.#walkScope(visitor, wire.pos, next);
      wire.pos = next;
    }
    visitor.leaveResource(this);
  }

  /** The resource comes before its scopes into the columns, wherever it stands: its attributes are worth more. */
  #readResource(pos: number, end: number): void {
    const { wire, resource } = this;
    resource.clear();
    wire.pos = pos;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if (tag !== 0x12) resource.readField(wire, tag, end);
      else wire.skip(tag, end);
    }
  }

  #walkScope(visitor: EnvelopeVisitor, pos: number, end: number): void {
    const { wire } = this;
    this.scope.clear();
    wire.pos = pos;
    while (wire.pos < end) {
      const tag = wire.tag(end);
      if (tag !== 0x12) {
        this.scope.readField(wire, tag, end);
        continue;
      }
      const next = (wire.length(end) + wire.pos) | 0;
      visitor.item(this, wire.pos, next);
      wire.pos = next;
    }
    visitor.leaveScope(this);
  }
}
