// The process that runs the SQL of one tenant: what it allocates, hangs in or dies of is its own. Started by `sandbox.ts`.
import { type Connection, type Database, DuckDbError, openDatabase } from '@signaldb/duckdb';
import { encodeIpcStream, encodeSchemaBytes } from '@signaldb/flight';
import { DataType, type Schema } from 'apache-arrow';
import {
  batchesUnderway,
  type DescriptionParts,
  type ErrorParts,
  type FromProcess,
  type ToProcess,
} from './process-messages.ts';

type Of<K extends ToProcess['type']> = Extract<ToProcess, { type: K }>;

/** A query under way: how to stop it, and how many batches may be sent. */
interface Running {
  readonly abort: AbortController;
  credit: number;
  onCredit: () => void;
}

/** Our own views name many files and columns; what users write is bounded before it gets here. */
const sqlBytesMax = 64 << 20;
/** Batches are copied on their way, some at once: smaller ones keep that small. */
const batchBytesMax = 4 << 20;
const watchIntervalMs = 20;
const callsAtOnce = 6;

let database: Database | undefined;
const running = new Map<number, Running>();

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToProcess) => {
  switch (message.type) {
    case 'open':
      return open(message);
    case 'parse':
      return answer(message.id, () => parse(message));
    case 'query':
      return answer(message.id, () => query(message));
    case 'describe':
      return answer(message.id, () => describe(message));
    case 'taken':
      return give(message.id);
    case 'cancel':
      return running.get(message.id)?.abort.abort();
  }
});

function send(message: FromProcess): void {
  process.send?.(message);
}

function open({ settings, residentBytesMax }: Of<'open'>): void {
  database = openDatabase({ ...settings, sqlBytesMax, concurrentCallsMax: callsAtOnce });
  setInterval(() => watchMemory(residentBytesMax), watchIntervalMs);
}

/** DuckDB's own limit doesn't count what strings and lists take while a function makes them, nor can that be interrupted. */
function watchMemory(residentBytesMax: number): void {
  if (process.memoryUsage.rss() <= residentBytesMax) return;
  process.send?.({ type: 'memory' } satisfies FromProcess, () => process.kill(process.pid, 'SIGKILL'));
}

function answer(id: number, work: () => Promise<void>): void {
  work().catch((error: unknown) => send({ type: 'error', id, error: partsOf(error) }));
}

function partsOf(error: unknown): ErrorParts {
  if (error instanceof DuckDbError) {
    const { kind, message, position, details } = error;
    return { kind, message, details, ...(position && { position }) };
  }
  return { kind: 'Unknown', message: error instanceof Error ? error.message : String(error), details: {} };
}

async function withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
  if (database === undefined) throw new Error('no database is open');
  const connection = database.connect();
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

async function parse({ id, sql }: Of<'parse'>): Promise<void> {
  const tree = await withConnection((connection) => connection.parse(sql));
  send({ type: 'parsed', id, tree });
}

async function query({ id, views, sql, params }: Of<'query'>): Promise<void> {
  const self: Running = { abort: new AbortController(), credit: batchesUnderway, onCredit: () => {} };
  running.set(id, self);
  try {
    await withConnection(async (connection) => {
      for (const view of views) await connection.run(view, { signal: self.abort.signal });
      const result = await connection.query(sql, { params, signal: self.abort.signal, batchBytesMax });
      const { schema, statementType } = result;
      send({ type: 'schema', id, statementType, schema: encodeSchemaBytes(schema) });
      for await (const batch of result) {
        await creditOf(self);
        send({ type: 'batch', id, stream: Buffer.concat(encodeIpcStream({ schema, batches: [batch] })) });
      }
    });
    send({ type: 'end', id });
  } finally {
    running.delete(id);
  }
}

async function creditOf(self: Running): Promise<void> {
  while (self.credit === 0) {
    self.abort.signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      self.onCredit = resolve;
      self.abort.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  self.credit--;
}

function give(id: number): void {
  const self = running.get(id);
  if (self === undefined) return;
  self.credit++;
  self.onCredit();
}

async function describe({ id, views, statements }: Of<'describe'>): Promise<void> {
  const descriptions = await withConnection(async (connection) => {
    for (const view of views) await connection.run(view);
    const found: DescriptionParts[] = [];
    for (const statement of statements) found.push(await describeOne(connection, statement));
    return found;
  });
  send({ type: 'described', id, descriptions });
}

async function describeOne(connection: Connection, sql: string): Promise<DescriptionParts> {
  const { statementType, schema, parameters } = await connection.describe(sql);
  const unresolved = parameters.fields.some((field) => DataType.isNull(field.type));
  const known = unresolved ? await schemaWithTexts(connection, sql, parameters, schema) : schema;
  return { statementType, schema: encodeSchemaBytes(known), parameters: encodeSchemaBytes(parameters) };
}

/** The columns of a query for whose parameters DuckDB has no types, as they are when those are text, as clients are told. */
async function schemaWithTexts(
  connection: Connection,
  sql: string,
  parameters: Schema,
  otherwise: Schema,
): Promise<Schema> {
  try {
    const none = `SELECT * FROM (${sql.replace(/[\s;]+$/, '')}\n) LIMIT 0`;
    const params = parameters.fields.map((field) => (DataType.isNull(field.type) ? '' : null));
    const result = await connection.query(none, { params, stream: false });
    await result.close();
    return result.schema;
  } catch {
    return otherwise;
  }
}
