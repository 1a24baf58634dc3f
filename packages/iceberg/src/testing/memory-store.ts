import { type ObjectStore, ObjectStoreError } from '@signaldb/object-store';

/** An object store for tests: counts calls, and can be told to fail. */
export interface MemoryStore extends ObjectStore {
  readonly objects: Map<string, Uint8Array>;
  readonly calls: { put: number; get: number; delete: number };
  /** Called before each put; what it throws is the put's error. */
  beforePut: (key: string) => void;
}

const root = 'memory://warehouse/';

export function createMemoryStore(): MemoryStore {
  const objects = new Map<string, Uint8Array>();
  const calls = { put: 0, get: 0, delete: 0 };
  const found = (key: string) => {
    const bytes = objects.get(key);
    if (!bytes) throw new ObjectStoreError('NOT_FOUND', `no object ${key}`);
    return bytes;
  };
  const statOf = (key: string) => ({ key, size: found(key).length, modified: new Date(0) });
  const store: MemoryStore = {
    objects,
    calls,
    beforePut: () => undefined,
    async put(key, body) {
      await Promise.resolve();
      calls.put++;
      store.beforePut(key);
      if (!(body instanceof Uint8Array)) throw new ObjectStoreError('FAILED', 'files are not taken here');
      objects.set(key, Uint8Array.from(body));
    },
    async putIfAbsent(key, body) {
      if (objects.has(key)) return false;
      await store.put(key, body);
      return true;
    },
    async get(key, options) {
      await Promise.resolve();
      calls.get++;
      const bytes = found(key);
      const range = options?.range;
      return range ? bytes.slice(range.offset, range.offset + range.length) : bytes.slice();
    },
    download: async () => {
      throw new ObjectStoreError('FAILED', 'files are not written here');
    },
    stat: async (key) => statOf(key),
    async *list(prefix) {
      for (const key of [...objects.keys()].sort()) if (key.startsWith(prefix)) yield statOf(key);
    },
    async delete(keys) {
      calls.delete++;
      for (const key of keys) objects.delete(key);
    },
    uri: (key) => root + key,
    keyOf(uri) {
      if (!uri.startsWith(root)) throw new ObjectStoreError('INVALID_KEY', `${uri} is not in ${root}`);
      return uri.slice(root.length);
    },
    ready: async () => undefined,
    close: async () => undefined,
  };
  return store;
}
