import type { Envelope, EnvelopeVisitor } from './envelope.ts';
import type { TableBuilder } from './table-builder.ts';

/** Items of a request that were left out, each for itself: OTLP's partial success. */
export interface Rejection {
  readonly count: number;
  /** What is wrong with the first. */
  readonly fault: string;
  /** Where the first begins in the request. */
  readonly offset: number;
}

/** What the decoders of the three signals share: their tables, and the account of what was left out. */
export abstract class SignalDecoder implements EnvelopeVisitor {
  readonly tables: readonly TableBuilder[];
  #rejection: Rejection | undefined;

  constructor(tables: readonly TableBuilder[]) {
    this.tables = tables;
  }

  abstract item(envelope: Envelope, start: number, end: number): void;

  leaveScope(envelope: Envelope): void {
    for (const table of this.tables) table.leaveScope(envelope);
  }

  leaveResource(envelope: Envelope): void {
    for (const table of this.tables) table.leaveResource(envelope);
  }

  protected reject(fault: string, offset: number): void {
    const { count, ...first } = this.#rejection ?? { count: 0, fault, offset };
    this.#rejection = { ...first, count: count + 1 };
  }

  /** What was left out since the last call. */
  takeRejection(): Rejection | undefined {
    const rejection = this.#rejection;
    this.#rejection = undefined;
    return rejection;
  }
}
