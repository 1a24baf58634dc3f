import { hull, type TimeRange } from '../time-range.ts';
import type { Tail, TailRequest } from './ask-logs.ts';

/**
 * Lets queries that come while a barrier runs share the next one: it starts after they came, so it holds for all of them, and however
 * many wait, the writers are asked once. Tenants don't wait for each other.
 */
export class SharedBarrier {
  readonly #ask: (request: TailRequest) => Promise<Tail>;
  readonly #tenants = new Map<string, { running: Promise<Tail>; next?: Waiting }>();

  constructor(ask: (request: TailRequest) => Promise<Tail>) {
    this.#ask = ask;
  }

  /** The tail as of some time after the call. May hold files of other tables and times than those asked for. */
  tail(request: TailRequest): Promise<Tail> {
    const busy = this.#tenants.get(request.tenant);
    if (busy === undefined) return this.#run(request);
    busy.next ??= new Waiting(busy.running, (joined) => this.#run(joined));
    return busy.next.join(request);
  }

  #run(request: TailRequest): Promise<Tail> {
    const running = this.#ask(request);
    const entry: { running: Promise<Tail>; next?: Waiting } = { running };
    this.#tenants.set(request.tenant, entry);
    const done = (): void => {
      if (this.#tenants.get(request.tenant) === entry && entry.next === undefined) this.#tenants.delete(request.tenant);
    };
    running.then(done, done);
    return running;
  }
}

/** Requests that wait for the same start. */
class Waiting {
  readonly #tail: Promise<Tail>;
  #tenant = '';
  readonly #tables = new Set<string>();
  #times: TimeRange | undefined;

  constructor(running: Promise<unknown>, start: (request: TailRequest) => Promise<Tail>) {
    const joined = (): Promise<Tail> =>
      start({ tenant: this.#tenant, tables: [...this.#tables], times: this.#times ?? {} });
    this.#tail = running.then(joined, joined);
  }

  join({ tenant, tables, times }: TailRequest): Promise<Tail> {
    this.#tenant = tenant;
    for (const table of tables) this.#tables.add(table);
    this.#times = this.#times === undefined ? times : hull(this.#times, times);
    return this.#tail;
  }
}
