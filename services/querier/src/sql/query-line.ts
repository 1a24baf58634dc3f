import { GrpcError, Metadata, Status } from '@signaldb/grpc';

export interface QueryLineOptions {
  /** Under way at once, of all tenants. */
  readonly runningMax: number;
  /** Waiting at once, of all tenants. */
  readonly waitingMax: number;
  readonly waitMs: number;
}

interface Waiting {
  readonly tenant: string;
  readonly enter: () => void;
}

/**
 * Lets so many queries run at once; others wait in the order in which they came. One tenant gets at most half of the places, so that queries
 * whose readers are slow keep nobody else out.
 */
export class QueryLine {
  readonly #options: QueryLineOptions;
  readonly #running = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();

  constructor(options: QueryLineOptions) {
    this.#options = options;
  }

  /** Under way. */
  get running(): number {
    return [...this.#running.values()].reduce((sum, count) => sum + count, 0);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for a place; answers how to leave it, which may be called twice.
   * @throws GrpcError RESOURCE_EXHAUSTED where the line is full, or stood still for too long; what the signal is aborted with
   */
  async enter(tenant: string, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (!this.#hasPlace(tenant)) await this.#wait(tenant, signal);
    this.#running.set(tenant, this.#of(tenant) + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      if (this.#of(tenant) > 1) this.#running.set(tenant, this.#of(tenant) - 1);
      else this.#running.delete(tenant);
      this.#next();
    };
  }

  #of(tenant: string): number {
    return this.#running.get(tenant) ?? 0;
  }

  #hasPlace(tenant: string): boolean {
    const { runningMax } = this.#options;
    return this.running < runningMax && this.#of(tenant) < Math.max(1, Math.floor(runningMax / 2));
  }

  #wait(tenant: string, signal: AbortSignal | undefined): Promise<void> {
    const { waitingMax, waitMs } = this.#options;
    if (this.#waiting.size >= waitingMax)
      throw this.#full(tenant, `${waitingMax} more wait (setting querier.sqlWaitingMax)`);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#waiting.delete(entry);
      };
      const entry: Waiting = {
        tenant,
        enter: () => {
          leave();
          resolve();
        },
      };
      const onAbort = (): void => {
        leave();
        reject(signal!.reason);
      };
      const timer = setTimeout(() => {
        leave();
        reject(this.#full(tenant, `none ended within ${waitMs} ms (setting querier.sqlWaitMs)`));
      }, waitMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(entry);
    });
  }

  /** Lets in who waits the longest of those for whom there is a place. */
  #next(): void {
    for (const { tenant, enter } of this.#waiting) {
      if (!this.#hasPlace(tenant)) continue;
      enter();
      return;
    }
  }

  #full(tenant: string, why: string): GrpcError {
    return new GrpcError(
      Status.RESOURCE_EXHAUSTED,
      `${this.running} SQL queries are running, ${this.#of(tenant)} of them this tenant’s, of ${this.#options.runningMax} that may (setting querier.sqlConcurrentMax; half of them for one tenant), and ${why}; try again in a moment`,
      // Routers ask another querier then.
      new Metadata({ 'x-signaldb-busy': 'true' }),
    );
  }
}
