import { connectFlight, createInprocNetwork, type FlightClient, recordBatchOf } from '@signaldb/flight';
import { Field, type RecordBatch, Schema, Utf8, vectorFromArray } from 'apache-arrow';
import { createFlightSqlClient, type FlightSqlClient } from '../client.ts';
import type { FlightSqlHandlers } from '../handlers.ts';
import { createFlightSqlService, type FlightSqlOptions } from '../service.ts';
import { toyHandlers } from './toy-handlers.ts';

/** What was opened last: a client of it by Flight and one by Flight SQL, and the statements that it has run. */
export let flight: FlightClient;
export let sql: FlightSqlClient;
export let log: string[];

/** Opens a service before the toy database, in process. */
export function open(options: FlightSqlOptions = {}, toys: Parameters<typeof toyHandlers>[0] = {}): void {
  const { handlers, log: statements } = toyHandlers(toys);
  serve(handlers, options);
  log = statements;
}

/** The same, with some handlers in place of the toy's. */
export function openWith(more: Partial<FlightSqlHandlers>, options: FlightSqlOptions = {}): void {
  serve({ ...toyHandlers({ writable: true }).handlers, ...more }, options);
}

function serve(handlers: FlightSqlHandlers, options: FlightSqlOptions): void {
  const inproc = createInprocNetwork();
  inproc.serve('sql', createFlightSqlService(handlers, options));
  flight = connectFlight('inproc://sql', { inproc });
  sql = createFlightSqlClient(flight);
}

/** Runs an action; gives all of its results. */
export function action(type: string, body: Uint8Array = new Uint8Array(0)): Promise<Uint8Array[]> {
  return all(flight.doAction({ type, body }));
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The rows as lists of values. */
export async function rows(
  stream: AsyncIterable<RecordBatch> | Promise<AsyncIterable<RecordBatch>>,
): Promise<unknown[][]> {
  const found: unknown[][] = [];
  for await (const batch of await stream) for (const row of batch) found.push(Object.values(row!.toJSON()));
  return found;
}

/** A batch of one column of text. */
export function texts(...values: (string | null)[]): RecordBatch {
  const schema = new Schema([new Field('1', new Utf8(), true)]);
  return recordBatchOf(schema, [vectorFromArray(values, new Utf8()).data[0]!], values.length);
}

/** The bytes with the last one changed. */
export function changed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length - 1]! ^= 1;
  return copy;
}
