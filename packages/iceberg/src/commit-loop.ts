import { setTimeout as delay } from 'node:timers/promises';
import type { Catalog, CommitRequest, LoadTableResult } from './catalog.ts';
import { CatalogError, isCatalogError } from './catalog-error.ts';
import type { TableMetadata } from './table-metadata.ts';

export interface RetryOptions {
  /** Conflicts in a row before CommitFailedException reaches the caller. Default 30. */
  readonly attemptsMax?: number;
  /** How long an unknown outcome is looked into before CommitStateUnknownException reaches the caller. Default 60 s. */
  readonly unknownMsMax?: number;
  /** The longest pause before the second attempt; it doubles up to `pauseMsMax`. Default 10 ms. */
  readonly pauseMs?: number;
  /** Default 1 s. */
  readonly pauseMsMax?: number;
  readonly random?: () => number;
}

/** A commit worked out on one version of the table. */
export interface CommitAttempt {
  readonly request: CommitRequest;
  /** Whether this or an earlier attempt of the same commit is part of the table. */
  isCommitted(metadata: TableMetadata): boolean;
  /** Deletes the files that only this attempt would have used. */
  discard(): Promise<void>;
}

export interface CommitLoopOptions {
  readonly catalog: Catalog;
  readonly namespace: string;
  readonly table: string;
  /** The table as the caller knows it, to save a load; it may be out of date. */
  readonly base?: LoadTableResult | undefined;
  readonly retry?: RetryOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Works the commit out; undefined when nothing is left to do. What it throws ends the loop. */
  prepare(base: TableMetadata): Promise<CommitAttempt | undefined>;
}

export interface CommitLoopResult extends LoadTableResult {
  /** False: nothing was left to do. */
  readonly committed: boolean;
}

/**
 * Commits exactly once. A conflict is worked out anew on the changed table, after a jittered pause. Where the outcome is
 * unknown the table is loaded, and the attempt repeated only if it isn't there; files of such an attempt are left alone,
 * as its request may still arrive. (It then finds the table changed and fails, or it is the commit.)
 */
export async function commitWithRetry(options: CommitLoopOptions): Promise<CommitLoopResult> {
  const { catalog, namespace, table } = options;
  const { attemptsMax = 30, unknownMsMax = 60_000 } = options.retry ?? {};
  let base = options.base ?? (await catalog.loadTable(namespace, table));
  const unknown: CommitAttempt[] = [];
  for (let count = 1; ; count++) {
    options.signal?.throwIfAborted();
    if (unknown.some((attempt) => attempt.isCommitted(base.metadata))) return { ...base, committed: true };
    const attempt = await options.prepare(base.metadata);
    if (!attempt) return { ...base, committed: unknown.length > 0 };
    try {
      return { ...(await catalog.commitTable(namespace, table, attempt.request)), committed: true };
    } catch (error) {
      if (isUnknown(error)) unknown.push(attempt);
      else await attempt.discard();
      if (!isUnknown(error) && !isCatalogError(error, 'CommitFailedException')) throw error;
      if (count >= attemptsMax) throw error;
    }
    await delay(pauseMs(count, options.retry), undefined, { signal: options.signal });
    base = sameTable(base, await reload(options, unknown.length > 0 ? unknownMsMax : 0), options);
  }
}

/** A table that was dropped and made again meanwhile is another one: what was worked out isn't for it. */
function sameTable(
  before: LoadTableResult,
  now: LoadTableResult,
  { namespace, table }: CommitLoopOptions,
): LoadTableResult {
  if (now.metadata['table-uuid'] === before.metadata['table-uuid']) return now;
  throw new CatalogError(
    'NoSuchTableException',
    `Table ${namespace}.${table} was dropped, there is another of its name`,
  );
}

/** Anything that isn't the catalog's clear no may have been a yes. */
function isUnknown(error: unknown): boolean {
  return !(error instanceof CatalogError) || error.status >= 500;
}

/** The table as it is now. While an outcome is unknown, a catalog that doesn't answer is asked again. */
async function reload(options: CommitLoopOptions, patienceMs: number): Promise<LoadTableResult> {
  const { catalog, namespace, table } = options;
  const deadline = performance.now() + patienceMs;
  for (let count = 1; ; count++) {
    try {
      return await catalog.loadTable(namespace, table);
    } catch (cause) {
      if (!isUnknown(cause)) throw cause;
      if (performance.now() >= deadline) {
        const message = `Whether the commit to ${namespace}.${table} took effect isn't known`;
        throw patienceMs === 0 ? cause : new CatalogError('CommitStateUnknownException', message, { cause });
      }
    }
    await delay(pauseMs(count, options.retry), undefined, { signal: options.signal });
  }
}

/** Between half of it and the whole of a pause that doubles. */
function pauseMs(count: number, { pauseMs = 10, pauseMsMax = 1_000, random = Math.random }: RetryOptions = {}): number {
  const longest = Math.min(pauseMsMax, pauseMs * 2 ** Math.min(count - 1, 20));
  return longest * (0.5 + random() / 2);
}
