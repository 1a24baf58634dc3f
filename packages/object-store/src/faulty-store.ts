import { type CallOptions, type ObjectStore, ObjectStoreError } from './object-store.ts';

export type StoreOperation = 'put' | 'putIfAbsent' | 'get' | 'download' | 'stat' | 'list' | 'delete' | 'ready';

/**
 * - `refuse`: the call fails UNAVAILABLE, nothing happens.
 * - `hang`: the call waits until `heal`, its signal, or `hangMs`; then it fails UNAVAILABLE, nothing happens.
 * - `lose`: the call takes effect, and its answer is lost: it fails UNAVAILABLE.
 * - `full`: writes fail NO_SPACE.
 */
export type StoreFault = 'refuse' | 'hang' | 'lose' | 'full';

export interface FaultOptions {
  /** Which calls. Default all. */
  readonly operations?: readonly StoreOperation[];
  /** Which keys. Default all. */
  readonly matching?: RegExp;
  /** The fault ends by itself after so many calls. Default never. */
  readonly times?: number;
  /** How long a hanging call waits. Default 10 s. */
  readonly hangMs?: number;
}

export interface FaultyStore extends ObjectStore {
  /** From now on matching calls fail in this way; replaces the fault before. */
  fail(fault: StoreFault, options?: FaultOptions): void;
  /** Ends the fault; calls that hang fail at once. */
  heal(): void;
  /** Calls so far, failed ones included. */
  readonly calls: Readonly<Record<StoreOperation, number>>;
  /** Calls hanging now. */
  readonly hanging: number;
}

/** A store for tests that passes calls to `inner` until it is told to fail. */
export function createFaultyStore(inner: ObjectStore): FaultyStore {
  const calls = { put: 0, putIfAbsent: 0, get: 0, download: 0, stat: 0, list: 0, delete: 0, ready: 0 };
  let current: { fault: StoreFault; options: FaultOptions; left: number } | undefined;
  let released = Promise.withResolvers<void>();
  let hanging = 0;

  function faultFor(operation: StoreOperation, keys: readonly string[]) {
    calls[operation]++;
    if (!current || current.left <= 0) return undefined;
    const { operations, matching } = current.options;
    if (operations && !operations.includes(operation)) return undefined;
    if (matching && !keys.some((key) => matching.test(key))) return undefined;
    current.left--;
    return current;
  }

  async function hang(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const time = AbortSignal.timeout(ms);
    const ended = Promise.withResolvers<void>();
    const either = signal ? AbortSignal.any([signal, time]) : time;
    either.addEventListener('abort', () => ended.resolve(), { once: true });
    hanging++;
    await Promise.race([released.promise, ended.promise]);
    hanging--;
  }

  async function strike(operation: StoreOperation, keys: readonly string[], o: CallOptions | undefined) {
    o?.signal?.throwIfAborted();
    const found = faultFor(operation, keys);
    const what = `cannot ${operation} ${keys.join(', ')}`;
    if (!found) return undefined;
    if (found.fault === 'hang') {
      await hang(found.options.hangMs ?? 10_000, o?.signal);
      o?.signal?.throwIfAborted();
      throw new ObjectStoreError('UNAVAILABLE', `${what}: no answer (injected)`);
    }
    if (found.fault === 'refuse') throw new ObjectStoreError('UNAVAILABLE', `${what}: refused (injected)`);
    if (found.fault === 'full') {
      if (operation !== 'put' && operation !== 'putIfAbsent') return undefined;
      throw new ObjectStoreError('NO_SPACE', `${what}: no space (injected)`);
    }
    return new ObjectStoreError('UNAVAILABLE', `${what}: answer lost (injected)`);
  }

  async function around<T>(
    operation: StoreOperation,
    keys: readonly string[],
    o: CallOptions | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    const lost = await strike(operation, keys, o);
    const result = await run();
    if (lost) throw lost;
    return result;
  }

  return {
    put: (key, body, o) => around('put', [key], o, () => inner.put(key, body, o)),
    putIfAbsent: (key, body, o) => around('putIfAbsent', [key], o, () => inner.putIfAbsent(key, body, o)),
    get: (key, o) => around('get', [key], o, () => inner.get(key, o)),
    download: (key, path, o) => around('download', [key], o, () => inner.download(key, path, o)),
    stat: (key, o) => around('stat', [key], o, () => inner.stat(key, o)),
    async *list(prefix, o) {
      const lost = await strike('list', [prefix], o);
      if (lost) throw lost;
      yield* inner.list(prefix, o);
    },
    delete: (keys, o) => around('delete', keys, o, () => inner.delete(keys, o)),
    uri: (key) => inner.uri(key),
    keyOf: (uri) => inner.keyOf(uri),
    ready: (o) => around('ready', [], o, () => inner.ready(o)),
    close: () => inner.close(),
    fail(fault, options = {}) {
      current = { fault, options, left: options.times ?? Number.POSITIVE_INFINITY };
    },
    heal() {
      current = undefined;
      released.resolve();
      released = Promise.withResolvers<void>();
    },
    calls,
    get hanging() {
      return hanging;
    },
  };
}
