import { GrpcError, Status } from '@signaldb/grpc';

const cancelled = () => new GrpcError(Status.CANCELLED, 'the query was cancelled');

/**
 * The queries that this service is sending just now, so that they can be stopped by name, and the names of those that were
 * stopped lately (their tickets are no longer good here).
 */
export class RunningQueries {
  readonly #running = new Map<string, Set<AbortController>>();
  readonly #stopped = new Set<string>();
  readonly #stoppedMax: number;

  constructor(stoppedMax: number) {
    this.#stoppedMax = stoppedMax;
  }

  /** Passes the items of a query on until they end or it is cancelled: then with CANCELLED, whatever the query does. */
  async *during<T>(id: string, signal: AbortSignal, start: (signal: AbortSignal) => AsyncIterable<T>) {
    if (this.#stopped.has(id)) throw cancelled();
    const controller = new AbortController();
    const runs = this.#running.get(id) ?? new Set();
    this.#running.set(id, runs.add(controller));
    try {
      yield* start(AbortSignal.any([signal, controller.signal]));
      if (controller.signal.aborted) throw cancelled();
    } catch (error) {
      throw controller.signal.aborted ? cancelled() : error;
    } finally {
      runs.delete(controller);
      if (runs.size === 0) this.#running.delete(id);
    }
  }

  /** Whether it was running here. It won't be run here again. */
  cancel(id: string): boolean {
    this.#stopped.add(id);
    if (this.#stopped.size > this.#stoppedMax) this.#stopped.delete(this.#stopped.values().next().value!);
    const runs = this.#running.get(id);
    for (const controller of runs ?? []) controller.abort();
    return runs !== undefined;
  }
}
