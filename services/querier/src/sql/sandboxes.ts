import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '@signaldb/runtime';
import type { QuerierConfig } from '../config.ts';
import { QueryLine } from './query-line.ts';
import { Sandbox } from './sandbox.ts';

export interface SandboxesOptions {
  readonly config: QuerierConfig;
  readonly logger: Logger;
  /** Of a tenant's files. Nothing else is in it. */
  readonly folderOf: (tenant: string) => string;
  readonly spillDir: string;
}

/** A sandbox in use. */
export interface LentSandbox {
  readonly sandbox: Sandbox;
  /** May be called twice. */
  release(): void;
}

interface Entry {
  readonly sandbox: Sandbox;
  inUse: number;
}

/** What Node and DuckDB take beside DuckDB's limit, and results under way. */
const residentBytesBeside = 256 << 20;

/** A sandbox a tenant, for its SQL. The least recently used are ended when there are too many. */
export class Sandboxes {
  readonly #options: SandboxesOptions;
  readonly #open = new Map<string, Entry>();
  readonly #queries: QueryLine;
  readonly #descriptions: QueryLine;

  constructor(options: SandboxesOptions) {
    this.#options = options;
    const { sqlConcurrentMax: runningMax, sqlWaitingMax: waitingMax, sqlWaitMs: waitMs } = options.config;
    this.#queries = new QueryLine({ runningMax, waitingMax, waitMs });
    this.#descriptions = new QueryLine({ runningMax, waitingMax, waitMs });
  }

  /** Queries under way. */
  get running(): number {
    return this.#queries.running;
  }

  /** Processes. */
  get count(): number {
    return this.#open.size;
  }

  /**
   * Lends the tenant's sandbox for a query, when its turn has come; `release` it.
   * @throws GrpcError RESOURCE_EXHAUSTED when too many queries are under way; what the signal is aborted with
   */
  async lend(tenant: string, signal?: AbortSignal): Promise<LentSandbox> {
    return this.#lent(tenant, await this.#queries.enter(tenant, signal));
  }

  /** Lends it for a call that reads no rows: those don't wait for queries. */
  async lendBriefly(tenant: string, signal?: AbortSignal): Promise<LentSandbox> {
    return this.#lent(tenant, await this.#descriptions.enter(tenant, signal));
  }

  #lent(tenant: string, leave: () => void): LentSandbox {
    const entry = this.#entryOf(tenant);
    entry.inUse++;
    let released = false;
    return {
      sandbox: entry.sandbox,
      release: () => {
        if (released) return;
        released = true;
        entry.inUse--;
        leave();
      },
    };
  }

  #entryOf(tenant: string): Entry {
    const known = this.#open.get(tenant);
    this.#open.delete(tenant);
    if (known !== undefined && !known.sandbox.hasEnded) {
      this.#open.set(tenant, known);
      return known;
    }
    this.#endOldest();
    const entry = { sandbox: this.#start(tenant), inUse: 0 };
    this.#open.set(tenant, entry);
    return entry;
  }

  #start(tenant: string): Sandbox {
    const { config, logger, folderOf, spillDir } = this.#options;
    const folder = folderOf(tenant);
    const tempDirectory = join(spillDir, tenant);
    for (const dir of [folder, tempDirectory]) mkdirSync(dir, { recursive: true });
    return new Sandbox({
      settings: {
        locked: true,
        allowedDirectories: [folder],
        memoryLimit: config.sqlMemoryBytesMax,
        threads: config.threads,
        tempDirectory,
        tempDirectoryBytesMax: config.sqlSpillBytesMax,
        settings: { parquet_metadata_cache: true },
      },
      residentBytesMax: residentBytesBeside + 1.25 * config.sqlMemoryBytesMax,
      onEnd: ({ reason, text }) => logger.warn({ tenant, reason, text }, 'the process of a tenant’s SQL ended'),
    });
  }

  #endOldest(): void {
    if (this.#open.size < this.#options.config.sqlTenantsMax) return;
    for (const [tenant, { sandbox, inUse }] of this.#open) {
      if (inUse > 0) continue;
      this.#open.delete(tenant);
      sandbox.close().catch(() => {});
      return;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ sandbox }) => sandbox.close()));
    this.#open.clear();
  }
}
