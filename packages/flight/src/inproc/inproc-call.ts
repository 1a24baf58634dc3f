import { Metadata } from '@signaldb/grpc';
import { asGrpcError, cancelled, deadlineExceeded } from '../call-failure.ts';
import type { CallOptions } from '../client.ts';
import type { CallContext } from '../service.ts';

/** Longer than a timer can be: nobody will see the end of it. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The life of one call in process: its context on the service's side, its cancellation and its deadline. */
export class InprocCall {
  readonly context: CallContext;
  readonly #controller = new AbortController();
  readonly #options: CallOptions;
  readonly #onEnd: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #headersGiven = false;

  constructor(options: CallOptions, onEnd: () => void) {
    this.#options = options;
    this.#onEnd = onEnd;
    const { timeoutMs, signal } = options;
    this.context = {
      metadata: metadataOf(options.metadata),
      signal: this.#controller.signal,
      peer: 'inproc',
      responseHeaders: new Metadata(),
      transport: 'inproc',
      ...(timeoutMs !== undefined && { deadline: new Date(Date.now() + timeoutMs) }),
    };
    if (timeoutMs !== undefined && timeoutMs <= TIMER_MS_MAX)
      this.#timer = setTimeout(() => this.abort(deadlineExceeded(timeoutMs)), timeoutMs);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the call for both sides; its signal's reason is the error. */
  abort(error: unknown): void {
    if (this.#ended) return;
    this.end();
    this.#controller.abort(error);
  }

  /** The call is over. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#onEnd();
  }

  /** The answer begins: tells the client its headers, once. */
  answer(): void {
    if (this.#headersGiven) return;
    this.#headersGiven = true;
    this.#options.onHeaders?.(this.context.responseHeaders);
  }

  /** What `work` gives, or the reason why the call ended before that. */
  async race<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#controller;
    let stop: () => void = () => {};
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
    try {
      const result = await Promise.race([aborted, Promise.resolve().then(work)]);
      this.answer();
      return result;
    } catch (error) {
      throw asGrpcError(error);
    } finally {
      signal.removeEventListener('abort', stop);
      this.end();
    }
  }

  readonly #onAbort = (): void => this.abort(cancelled());
}

function metadataOf(values: CallOptions['metadata']): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(values ?? {})) {
    metadata.set(key, key.toLowerCase().endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  }
  return metadata;
}
