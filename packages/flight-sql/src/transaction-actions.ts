import type { CallContext, FlightAction, FlightActionType } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import {
  ActionEndSavepointRequest_EndSavepoint as EndSavepoint,
  ActionEndTransactionRequest_EndTransaction as EndTransaction,
} from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import { decodeAs, encodeCommand } from './command.ts';
import type { SqlTransactions } from './handlers.ts';

const whole: readonly FlightActionType[] = [
  { type: 'BeginTransaction', description: 'Begins a transaction.' },
  { type: 'EndTransaction', description: 'Commits a transaction, or rolls it back.' },
];
const savepoints: readonly FlightActionType[] = [
  { type: 'BeginSavepoint', description: 'Sets a savepoint in a transaction.' },
  { type: 'EndSavepoint', description: 'Releases a savepoint, or rolls back to it.' },
];

export function hasSavepoints(transactions: SqlTransactions | undefined): boolean {
  return transactions?.beginSavepoint !== undefined && transactions.endSavepoint !== undefined;
}

/** Those of them that are served. */
export function transactionActions(transactions: SqlTransactions | undefined): readonly FlightActionType[] {
  if (!transactions) return [];
  return hasSavepoints(transactions) ? [...whole, ...savepoints] : whole;
}

/** Serves the actions of transactions and savepoints; undefined for others. */
export async function transactionAction(
  { type, body }: FlightAction,
  transactions: SqlTransactions | undefined,
  context: CallContext,
): Promise<Uint8Array[] | undefined> {
  const served = transactionActions(transactions).some((action) => action.type === type);
  if (!served) {
    if (![...whole, ...savepoints].some((action) => action.type === type)) return undefined;
    throw unserved(type, transactions);
  }
  const { begin, end, beginSavepoint, endSavepoint } = bound(transactions!);
  switch (type) {
    case 'BeginTransaction':
      decodeAs('ActionBeginTransactionRequest', body);
      return [encodeCommand('ActionBeginTransactionResult', { transactionId: Buffer.from(await begin(context)) })];
    case 'EndTransaction': {
      const { transactionId, action } = decodeAs('ActionEndTransactionRequest', body);
      await end(transactionId, endOf(action), context);
      return [];
    }
    case 'BeginSavepoint': {
      const { transactionId, name } = decodeAs('ActionBeginSavepointRequest', body);
      const savepointId = Buffer.from(await beginSavepoint!(transactionId, name, context));
      return [encodeCommand('ActionBeginSavepointResult', { savepointId })];
    }
    default: {
      const { savepointId, action } = decodeAs('ActionEndSavepointRequest', body);
      await endSavepoint!(savepointId, savepointEndOf(action), context);
      return [];
    }
  }
}

function bound(transactions: SqlTransactions): SqlTransactions {
  return {
    begin: transactions.begin.bind(transactions),
    end: transactions.end.bind(transactions),
    ...(transactions.beginSavepoint && { beginSavepoint: transactions.beginSavepoint.bind(transactions) }),
    ...(transactions.endSavepoint && { endSavepoint: transactions.endSavepoint.bind(transactions) }),
  };
}

function unserved(type: string, transactions: SqlTransactions | undefined): GrpcError {
  const reason = transactions
    ? 'there are transactions here, but no savepoints'
    : 'there are no transactions here: every statement takes effect by itself (leave autocommit on)';
  return new GrpcError(Status.UNIMPLEMENTED, `${type} is not served: ${reason}`);
}

function endOf(action: number): 'COMMIT' | 'ROLLBACK' {
  if (action === EndTransaction.END_TRANSACTION_COMMIT) return 'COMMIT';
  if (action === EndTransaction.END_TRANSACTION_ROLLBACK) return 'ROLLBACK';
  throw new GrpcError(Status.INVALID_ARGUMENT, 'EndTransaction says neither COMMIT nor ROLLBACK');
}

function savepointEndOf(action: number): 'RELEASE' | 'ROLLBACK' {
  if (action === EndSavepoint.END_SAVEPOINT_RELEASE) return 'RELEASE';
  if (action === EndSavepoint.END_SAVEPOINT_ROLLBACK) return 'ROLLBACK';
  throw new GrpcError(Status.INVALID_ARGUMENT, 'EndSavepoint says neither RELEASE nor ROLLBACK');
}
