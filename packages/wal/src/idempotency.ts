import { join } from 'node:path';
import type { LogIo } from './log-io.ts';

export interface KeyEntry {
  readonly tenant: string;
  readonly key: string;
  readonly lsn: number;
  readonly timeMs: number;
}

export interface KeyIndexOptions {
  readonly io: LogIo;
  /** Where the keys of trimmed segments are kept. */
  readonly dir: string;
  readonly keysMax: number;
  readonly ageMsMax: number;
}

/**
 * Idempotency keys by tenant, the oldest forgotten first. They outlive their records: before a segment is deleted its
 * keys go into a file of their own, which goes when the last of them is forgotten.
 */
export interface KeyIndex {
  find(tenant: string, key: string): number | undefined;
  add(entry: KeyEntry): void;
  /** Takes back the key of a record that didn't get into the log. */
  forget(tenant: string, key: string, lsn: number): void;
  /** Forgets what is too old or too much. */
  expire(nowMs: number): void;
  /** Writes the keys with LSNs from..to into a file; resolves when it is on disk. */
  keep(from: number, to: number): Promise<void>;
  /** Deletes files none of whose keys is known any more. */
  removeForgotten(): Promise<void>;
  /** Reads the files that `keep` wrote. */
  load(): Promise<void>;
  readonly size: number;
}

const fileName = /^(\d{16})-(\d{16})\.json$/;

export function createKeyIndex(options: KeyIndexOptions): KeyIndex {
  const { io, dir, keysMax, ageMsMax } = options;
  const byName = new Map<string, KeyEntry>(); // in the order of LSNs
  const nameOf = (tenant: string, key: string) => `${tenant}\n${key}`;

  return {
    get size() {
      return byName.size;
    },
    find: (tenant, key) => byName.get(nameOf(tenant, key))?.lsn,
    add: (entry) => {
      const name = nameOf(entry.tenant, entry.key);
      if (!byName.has(name)) byName.set(name, entry);
    },
    forget: (tenant, key, lsn) => {
      const name = nameOf(tenant, key);
      if (byName.get(name)?.lsn === lsn) byName.delete(name);
    },
    expire: (nowMs) => {
      for (const [name, entry] of byName) {
        if (byName.size <= keysMax && entry.timeMs >= nowMs - ageMsMax) break;
        byName.delete(name);
      }
    },
    keep: async (from, to) => {
      const entries = [...byName.values()].filter((entry) => entry.lsn >= from && entry.lsn <= to);
      if (entries.length === 0) return;
      await io.makeFolder(dir);
      const name = `${String(from).padStart(16, '0')}-${String(to).padStart(16, '0')}.json`;
      const text = JSON.stringify(entries.map((entry) => [entry.tenant, entry.key, entry.lsn, entry.timeMs]));
      await io.replaceText(join(dir, name), text, true);
    },
    removeForgotten: async () => {
      const oldest = byName.values().next().value?.lsn ?? Number.POSITIVE_INFINITY;
      for (const name of await namesOf()) {
        if (Number(fileName.exec(name)![2]) < oldest) await io.remove(join(dir, name));
      }
    },
    load: async () => {
      for (const name of await namesOf()) {
        const text = (await io.readText(join(dir, name))) ?? '[]';
        for (const [tenant, key, lsn, timeMs] of JSON.parse(text) as [string, string, number, number][]) {
          byName.set(nameOf(tenant, key), { tenant, key, lsn, timeMs });
        }
      }
    },
  };

  async function namesOf(): Promise<string[]> {
    await io.makeFolder(dir);
    return (await io.list(dir)).filter((name) => fileName.test(name)).sort();
  }
}
