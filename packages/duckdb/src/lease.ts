import { DuckDbError } from './error.ts';
import { library, type Pointer } from './library.ts';

/** One use of a connection, from a call's start to its result's end. Aborting its signal interrupts what DuckDB does for it. */
export class Lease {
  readonly #connection: Pointer;
  readonly #signal: AbortSignal | undefined;
  readonly #onRelease: () => void;
  readonly #interrupt = (): void => library().interrupt(this.#connection);
  #state: 'held' | 'closing' | 'released' = 'held';
  /** Resolves when the use is over. */
  readonly over: Promise<void>;
  #resolveOver: () => void = () => {};

  constructor(connection: Pointer, signal: AbortSignal | undefined, onRelease: () => void) {
    signal?.throwIfAborted();
    this.#connection = connection;
    this.#signal = signal;
    this.#onRelease = onRelease;
    this.over = new Promise((resolve) => {
      this.#resolveOver = resolve;
    });
    signal?.addEventListener('abort', this.#interrupt, { once: true });
  }

  /** Makes the running call, and every later one, fail soon. */
  interrupt(): void {
    if (this.#state !== 'released') this.#interrupt();
  }

  /** As `interrupt`, because the connection is being closed. */
  stop(): void {
    if (this.#state !== 'held') return;
    this.#state = 'closing';
    this.#interrupt();
  }

  throwIfStopped(): void {
    this.#signal?.throwIfAborted();
    if (this.#state === 'closing') throw new DuckDbError('Closed', 'the connection was closed meanwhile');
  }

  /** The error to show: an interruption is shown as what caused it. */
  explain(error: unknown): unknown {
    if (!(error instanceof DuckDbError) || error.kind !== 'Interrupted') return error;
    try {
      this.throwIfStopped();
    } catch (cause) {
      return cause;
    }
    return error;
  }

  /** Ends the use. May be called twice. */
  release(): void {
    if (this.#state === 'released') return;
    this.#state = 'released';
    this.#signal?.removeEventListener('abort', this.#interrupt);
    this.#onRelease();
    this.#resolveOver();
  }
}
