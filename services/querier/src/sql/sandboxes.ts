import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, type Database, openDatabase } from '@signaldb/duckdb';
import { GrpcError, Status } from '@signaldb/grpc';
import type { QuerierConfig } from '../config.ts';

export interface SandboxesOptions {
  readonly config: QuerierConfig;
  /** Of a tenant's files. Nothing else is in it. */
  readonly folderOf: (tenant: string) => string;
  readonly spillDir: string;
}

interface Sandbox {
  readonly database: Database;
  inUse: number;
}

/**
 * One locked database a tenant, for its SQL: it can read the tenant's folder and nothing else, change no setting, and has limits on
 * memory and disk of its own. The least recently used are closed.
 */
export class Sandboxes {
  readonly #options: SandboxesOptions;
  readonly #open = new Map<string, Sandbox>();
  #running = 0;

  constructor(options: SandboxesOptions) {
    this.#options = options;
  }

  /** Queries that run now. */
  get running(): number {
    return this.#running;
  }

  /** Gives a connection to `work`. @throws GrpcError RESOURCE_EXHAUSTED when too many queries run */
  async connect(tenant: string): Promise<SandboxConnection> {
    const { sqlConcurrentMax } = this.#options.config;
    if (this.#running >= sqlConcurrentMax) {
      throw new GrpcError(
        Status.RESOURCE_EXHAUSTED,
        `${this.#running} SQL queries are running, as many as are allowed (setting querier.sqlConcurrentMax); try again in a moment`,
      );
    }
    const sandbox = this.#sandboxOf(tenant);
    const connection = sandbox.database.connect();
    sandbox.inUse++;
    this.#running++;
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      await connection.close();
      sandbox.inUse--;
      this.#running--;
    };
    return { connection, close: () => (closing ??= close()) };
  }

  #sandboxOf(tenant: string): Sandbox {
    const known = this.#open.get(tenant);
    if (known !== undefined) {
      this.#open.delete(tenant);
      this.#open.set(tenant, known);
      return known;
    }
    this.#closeOldest();
    const sandbox = { database: this.#openDatabase(tenant), inUse: 0 };
    this.#open.set(tenant, sandbox);
    return sandbox;
  }

  #openDatabase(tenant: string): Database {
    const { config, folderOf, spillDir } = this.#options;
    const folder = folderOf(tenant);
    const tempDirectory = join(spillDir, tenant);
    for (const dir of [folder, tempDirectory]) mkdirSync(dir, { recursive: true });
    return openDatabase({
      locked: true,
      allowedDirectories: [folder],
      memoryLimit: config.sqlMemoryBytesMax,
      threads: config.threads,
      tempDirectory,
      tempDirectoryBytesMax: config.sqlSpillBytesMax,
      sqlBytesMax: viewTextBytesMax,
      settings: { parquet_metadata_cache: true },
    });
  }

  #closeOldest(): void {
    if (this.#open.size < this.#options.config.sqlTenantsMax) return;
    for (const [tenant, { database, inUse }] of this.#open) {
      if (inUse > 0) continue;
      this.#open.delete(tenant);
      database.close().catch(() => {});
      return;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ database }) => database.close()));
    this.#open.clear();
  }
}

/** Our own views name many files and columns; what users write is bounded before. */
const viewTextBytesMax = 64 << 20;

/** A session in a tenant's database. */
export interface SandboxConnection {
  readonly connection: Connection;
  /** May be called twice. */
  close(): Promise<void>;
}
