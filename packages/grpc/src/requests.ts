import type { ServerHttp2Stream } from 'node:http2';
import { GrpcError } from './grpc-error.ts';
import type { GrpcLimits } from './limits.ts';
import { MessageDecoder, type PaddingOf } from './message-decoder.ts';
import type { RequestBudget } from './request-budget.ts';
import { Status } from './status.ts';
import type { BytePacer } from './young-garbage.ts';

/** A message as it arrived. */
export interface WaitingRequest {
  readonly body: Buffer;
  readonly compressed: boolean;
}

// What a waiting message takes beside its bytes: a flood of empty ones must count too.
const overheadBytes = 128;

/**
 * The request messages of one call, from HTTP/2's bytes on: cuts them, holds those that wait, slows the client when they
 * are too many, and counts what it holds against the server's budget.
 */
export class Requests {
  readonly #stream: ServerHttp2Stream;
  #decoder: MessageDecoder | undefined;
  readonly #budget: RequestBudget;
  readonly #pacer: BytePacer | undefined;
  readonly #bufferBytes: number;
  readonly #onFailure: (error: unknown) => void;
  #waiting: WaitingRequest[] = [];
  #waitingFrom = 0;
  #waitingBytes = 0;
  #heldBytes = 0;
  #discarding = false;
  #failure: GrpcError | undefined;
  #wake: (() => void) | undefined;
  /** Whether the client has sent everything. */
  ended = false;
  messages = 0;
  bytes = 0;

  /** `bufferBytes`: how much may wait before the client is slowed; `paddingOf`: see MethodDefinition. */
  constructor(
    stream: ServerHttp2Stream,
    limits: GrpcLimits,
    budget: RequestBudget,
    pacer: BytePacer | undefined,
    bufferBytes: number,
    onFailure: (error: unknown) => void,
    paddingOf: PaddingOf | undefined,
  ) {
    this.#stream = stream;
    this.#budget = budget;
    this.#pacer = pacer;
    this.#bufferBytes = bufferBytes;
    this.#onFailure = onFailure;
    this.#decoder = new MessageDecoder(
      limits.receiveMessageBytesMax,
      (body, compressed) => this.#add(body, compressed),
      paddingOf,
    );
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
  }

  #onData(chunk: Buffer): void {
    if (this.#discarding) return;
    this.bytes += chunk.length;
    try {
      this.hold(chunk.length);
      this.#decoder?.push(chunk);
      this.#pacer?.count(chunk.length);
    } catch (error) {
      this.#onFailure(error);
    }
  }

  #add(body: Buffer, compressed: boolean): void {
    if (this.#discarding) return;
    this.messages++;
    this.#waiting.push({ body, compressed });
    this.#waitingBytes += body.length + overheadBytes;
    this.hold(overheadBytes);
    if (this.#waitingBytes > this.#bufferBytes) this.#stream.pause();
    this.#wakeReader();
  }

  /** The client has sent everything; fails the call where a message is incomplete. */
  end(): void {
    this.ended = true;
    if (this.#decoder && this.#decoder.partialBytes > 0) {
      this.#onFailure(new GrpcError(Status.INTERNAL, 'The requests ended within a message'));
    }
    this.#wakeReader();
  }

  /** Counts bytes against the server's budget until the call ends; throws RESOURCE_EXHAUSTED where there are none left. */
  hold(bytes: number): void {
    if (this.#discarding) return;
    this.#heldBytes += bytes;
    this.#budget.take(bytes);
  }

  /** The next message that waits. Its bytes stay counted until `release`. */
  take(): WaitingRequest | undefined {
    const message = this.#waiting[this.#waitingFrom];
    if (!message) return undefined;
    if (++this.#waitingFrom === this.#waiting.length) {
      this.#waiting = [];
      this.#waitingFrom = 0;
    } else if (this.#waitingFrom === 1024) {
      this.#waiting.splice(0, 1024);
      this.#waitingFrom = 0;
    }
    this.#waitingBytes -= message.body.length + overheadBytes;
    if (this.#waitingBytes <= this.#bufferBytes >> 1 && this.#stream.isPaused()) this.#stream.resume();
    return message;
  }

  /** Ends the counting of a message that was taken. */
  release(message: WaitingRequest): void {
    if (this.#discarding) return;
    const bytes = message.body.length + overheadBytes + 5;
    this.#heldBytes -= bytes;
    this.#budget.give(bytes);
  }

  /** Waits until there is a message, the end, or a failure, which is thrown. */
  async next(): Promise<WaitingRequest | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const message = this.take();
      if (message) return message;
      if (this.ended || this.#discarding) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Drops what waits and what still comes, because nobody wants it; whoever waits in `next` gets the reason, if there is one. */
  discard(reason?: GrpcError): void {
    this.#failure ??= reason;
    if (!this.#discarding) {
      this.#discarding = true;
      this.#decoder = undefined;
      this.#waiting = [];
      this.#waitingFrom = 0;
      this.#waitingBytes = 0;
      this.#budget.give(this.#heldBytes);
      this.#heldBytes = 0;
      if (this.#stream.isPaused()) this.#stream.resume();
    }
    this.#wakeReader();
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
