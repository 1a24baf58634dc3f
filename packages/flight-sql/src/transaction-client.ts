import type { CallOptions, FlightClient } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import {
  ActionEndSavepointRequest_EndSavepoint as EndSavepoint,
  ActionEndTransactionRequest_EndTransaction as EndTransaction,
} from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import type { SqlSavepoint, SqlTransaction } from './client.ts';
import { decodeAs, encodeCommand } from './command.ts';

export async function beginTransaction(client: FlightClient, options?: CallOptions): Promise<SqlTransaction> {
  const request = encodeCommand('ActionBeginTransactionRequest', {});
  const answer = await act(client, 'BeginTransaction', request, options);
  const { transactionId: id } = decodeAs('ActionBeginTransactionResult', answered(answer));
  const end = async (action: EndTransaction, callOptions?: CallOptions) => {
    const body = encodeCommand('ActionEndTransactionRequest', { transactionId: id, action });
    await act(client, 'EndTransaction', body, callOptions);
  };
  return {
    id,
    commit: (callOptions) => end(EndTransaction.END_TRANSACTION_COMMIT, callOptions),
    rollback: (callOptions) => end(EndTransaction.END_TRANSACTION_ROLLBACK, callOptions),
    savepoint: (name, callOptions) => beginSavepoint(client, id, name, callOptions),
  };
}

async function beginSavepoint(
  client: FlightClient,
  transactionId: Buffer,
  name: string,
  options?: CallOptions,
): Promise<SqlSavepoint> {
  const request = encodeCommand('ActionBeginSavepointRequest', { transactionId, name });
  const answer = await act(client, 'BeginSavepoint', request, options);
  const { savepointId: id } = decodeAs('ActionBeginSavepointResult', answered(answer));
  const end = async (action: EndSavepoint, callOptions?: CallOptions) => {
    const body = encodeCommand('ActionEndSavepointRequest', { savepointId: id, action });
    await act(client, 'EndSavepoint', body, callOptions);
  };
  return {
    id,
    release: (callOptions) => end(EndSavepoint.END_SAVEPOINT_RELEASE, callOptions),
    rollback: (callOptions) => end(EndSavepoint.END_SAVEPOINT_ROLLBACK, callOptions),
  };
}

async function act(
  client: FlightClient,
  type: string,
  body: Uint8Array,
  options: CallOptions | undefined,
): Promise<Uint8Array | undefined> {
  let first: Uint8Array | undefined;
  for await (const result of client.doAction({ type, body }, options)) first ??= result;
  return first;
}

function answered(result: Uint8Array | undefined): Uint8Array {
  if (result) return result;
  throw new GrpcError(Status.INTERNAL, 'the server answered nothing');
}
