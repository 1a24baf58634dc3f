import { type CallOptions, decodeSchemaBytes, type FlightAction, type FlightClient } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { DoPutPreparedStatementResult, DoPutUpdateResult } from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import type { RecordBatch } from 'apache-arrow';
import type { PreparedStatement } from './client.ts';
import { decodeAs, encodeCommand } from './command.ts';
import { type FetchSettings, fetchQuery } from './fetch-query.ts';

/** Prepares by an action of SQL or of a Substrait plan. */
export async function prepareStatement(
  client: FlightClient,
  settings: FetchSettings,
  action: FlightAction,
  options: CallOptions | undefined,
): Promise<PreparedStatement> {
  const answer = decodeAs('ActionCreatePreparedStatementResult', await onlyItem(client.doAction(action, options)));
  const schemaOf = (bytes: Uint8Array) => (bytes.length > 0 ? decodeSchemaBytes(bytes) : undefined);
  const { preparedStatementHandle } = answer;
  return {
    schema: schemaOf(answer.datasetSchema),
    parameters: schemaOf(answer.parameterSchema),
    query: async (parameters, callOptions) => {
      const handle = parameters
        ? await bind(client, preparedStatementHandle, parameters, callOptions)
        : preparedStatementHandle;
      const command = encodeCommand('CommandPreparedStatementQuery', { preparedStatementHandle: handle });
      return fetchQuery(client, settings, await client.getFlightInfo({ command }, callOptions), callOptions);
    },
    update: async (parameters, callOptions) => {
      const command = encodeCommand('CommandPreparedStatementUpdate', { preparedStatementHandle });
      const result = await onlyItem(client.doPut(messages(command, parameters), callOptions));
      return Number(DoPutUpdateResult.decode(result).recordCount);
    },
    close: async (callOptions) => {
      const body = encodeCommand('ActionClosePreparedStatementRequest', { preparedStatementHandle });
      for await (const _ of client.doAction({ type: 'ClosePreparedStatement', body }, callOptions));
    },
  };
}

/** Gives the handle to go on with: a server without state answers a new one, which holds what was bound. */
async function bind(
  client: FlightClient,
  handle: Buffer,
  parameters: RecordBatch,
  options: CallOptions | undefined,
): Promise<Buffer> {
  const command = encodeCommand('CommandPreparedStatementQuery', { preparedStatementHandle: handle });
  for await (const result of client.doPut(messages(command, parameters), options)) {
    return DoPutPreparedStatementResult.decode(result).preparedStatementHandle ?? handle;
  }
  return handle;
}

async function* messages(command: Uint8Array, batch: RecordBatch | undefined) {
  yield batch ? { descriptor: { command }, batch } : { descriptor: { command } };
}

async function onlyItem<T>(items: AsyncIterable<T>): Promise<T> {
  for await (const item of items) return item;
  throw new GrpcError(Status.INTERNAL, 'the server answered nothing');
}
