import { setTimeout as delay } from 'node:timers/promises';
import type { Calls } from './calls.ts';
import { DuckDbError, parseError } from './error.ts';
import type { Lease } from './lease.ts';
import { library, type Pointer, resultBytes } from './library.ts';
import { cell, pointerIn } from './memory.ts';
import { bindParameters, type Parameters } from './parameters.ts';
import { type BatchLimits, StreamedResult } from './query-result.ts';
import { statementTypeOf } from './statement-type.ts';

/** What `execute` needs to know beside the statement. */
export interface Execution {
  readonly calls: Calls;
  readonly lease: Lease;
  /** Called once, when the result's C side is freed; not at all when `execute` throws. */
  readonly onFree: () => void;
  readonly sql: string;
  readonly params: Parameters | undefined;
  readonly stream: boolean;
  readonly limits: BatchLimits;
}

const pendingState = { ready: 0, notReady: 1, error: 2, noTasks: 3 } as const;

/**
 * Starts a prepared statement and works until its first rows (streaming) or all of them are there, task by task: each takes a thread
 * for some milliseconds only, so that long queries and short ones take turns.
 */
export async function execute(statement: Pointer, execution: Execution): Promise<StreamedResult> {
  const lib = library();
  const { calls, sql } = execution;
  bindParameters(statement, execution.params ?? []);
  const statementType = statementTypeOf(lib.prepared_statement_type(statement));
  const streaming = execution.stream && statementType === 'SELECT';
  const pending = cell();
  try {
    const start = streaming ? lib.pending_prepared_streaming : lib.pending_prepared;
    if ((await calls.call<number>(start, statement, pending)) !== 0)
      throw parseError(lib.pending_error(pointerIn(pending)), sql);
    await workUntilReady(pointerIn(pending), execution);
    const result = Buffer.alloc(resultBytes);
    if (lib.execute_pending(pointerIn(pending), result) !== 0) {
      const error = parseError(lib.result_error(result), sql);
      lib.destroy_result(result);
      throw error;
    }
    return new StreamedResult({ ...execution, streaming, statementType }, result);
  } finally {
    lib.destroy_pending(pending);
  }
}

async function workUntilReady(pending: Pointer, { calls, lease, sql }: Execution): Promise<void> {
  const lib = library();
  for (let idle = 0; ; ) {
    lease.throwIfStopped();
    const state = await calls.call<number>(lib.pending_execute_task, pending);
    if (state === pendingState.ready) return;
    if (state === pendingState.error) throw parseError(lib.pending_error(pending), sql);
    if (state === pendingState.noTasks) {
      // DuckDB's own threads have the rest of the work: look again soon, then less and less often.
      await delay(Math.min(1 + (idle++ >> 3), 10));
    } else if (state === pendingState.notReady) idle = 0;
    else throw new DuckDbError('INTERNAL', `unknown state ${state} of a pending query`);
  }
}
