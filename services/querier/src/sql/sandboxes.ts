import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { GrpcError, Status } from '@signaldb/grpc';
import type { Logger } from '@signaldb/runtime';
import type { QuerierConfig } from '../config.ts';
import { Sandbox } from './sandbox.ts';

export interface SandboxesOptions {
  readonly config: QuerierConfig;
  readonly logger: Logger;
  /** Of a tenant's files. Nothing else is in it. */
  readonly folderOf: (tenant: string) => string;
  readonly spillDir: string;
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
  #running = 0;

  constructor(options: SandboxesOptions) {
    this.#options = options;
  }

  /** Calls under way. */
  get running(): number {
    return this.#running;
  }

  /** Processes. */
  get count(): number {
    return this.#open.size;
  }

  /** Lends the tenant's sandbox; `release` it. @throws GrpcError RESOURCE_EXHAUSTED when too many calls are under way */
  lend(tenant: string): { readonly sandbox: Sandbox; release(): void } {
    const { sqlConcurrentMax } = this.#options.config;
    if (this.#running >= sqlConcurrentMax) {
      throw new GrpcError(
        Status.RESOURCE_EXHAUSTED,
        `${this.#running} SQL queries are running, as many as are allowed (setting querier.sqlConcurrentMax); try again in a moment`,
      );
    }
    const entry = this.#entryOf(tenant);
    entry.inUse++;
    this.#running++;
    let released = false;
    return {
      sandbox: entry.sandbox,
      release: () => {
        if (released) return;
        released = true;
        entry.inUse--;
        this.#running--;
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
