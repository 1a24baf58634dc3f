// The process that runs the SQL of one tenant: what it allocates, hangs in or dies of is its own. Started by `sandbox.ts`.
import { type Connection, type Database, DuckDbError, openDatabase } from '@signaldb/duckdb';
import { encodeSchemaBytes } from '@signaldb/flight/codec';
import { DataType, type Schema } from 'apache-arrow';
import {
  type DescriptionParts,
  type ErrorParts,
  errorParts,
  type FirstRuns,
  type FromProcess,
  type ToProcess,
} from './process-messages.ts';
import { RowGate } from './row-gate.ts';
import { slotsPerLane } from './row-slots.ts';
import { RowThreads } from './row-threads.ts';

type Of<K extends ToProcess['type']> = Extract<ToProcess, { type: K }>;

/** A query under way: how to stop it, and which slots it may fill. */
interface Running {
  readonly abort: AbortController;
  readonly gate: RowGate;
}

/** Our own views name many files and columns; what users write is bounded before it gets here. */
const sqlBytesMax = 64 << 20;
const watchIntervalMs = 20;
const callsAtOnce = 6;
/** A query that is just beginning misses an interruption. */
const interruptIntervalMs = 10;

let database: Database | undefined;
const running = new Map<number, Running>();
const threads = new RowThreads();

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
  threads.warm();
  setInterval(() => watchMemory(residentBytesMax), watchIntervalMs);
}

/** DuckDB's own limit doesn't count what strings and lists take while a function makes them, nor can that be interrupted. */
function watchMemory(residentBytesMax: number): void {
  if (process.memoryUsage.rss() <= residentBytesMax) return;
  process.send?.({ type: 'memory' } satisfies FromProcess, () => process.kill(process.pid, 'SIGKILL'));
}

function answer(id: number, work: () => Promise<void>): void {
  work().catch((error: unknown) => send({ type: 'error', id, error: errorParts(error) }));
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
  const tree = await withConnection((connection) => connection.parseToJson(sql));
  send({ type: 'parsed', id, tree });
}

async function query({ id, lane, views, sql, params, first }: Of<'query'>): Promise<void> {
  const self: Running = { abort: new AbortController(), gate: new RowGate(slotsPerLane) };
  running.set(id, self);
  try {
    await withConnection(async (connection) => {
      for (const view of views) await connection.run(view, { signal: self.abort.signal });
      if (first !== undefined) await runFirst(connection, id, first, self.abort.signal);
      await sendRows(connection, { id, lane, sql, params }, self);
    });
    send({ type: 'end', id });
  } finally {
    running.delete(id);
  }
}

async function runFirst(connection: Connection, id: number, first: FirstRuns, signal: AbortSignal): Promise<void> {
  for (const { sql, params } of first.runs) {
    for (const [row, values] of params.entries()) {
      try {
        await connection.run(sql, { params: values, signal });
      } catch (error) {
        if (!(error instanceof DuckDbError) || params.length === 1) throw error;
        const message = `row ${row + 1} of the parameters: ${error.message}`;
        throw new DuckDbError(error.kind, message, error.position, error.details);
      }
    }
  }
  if (first.inspect === undefined) return;
  const result = await connection.query(first.inspect, { stream: false, signal });
  const rows = (await result.table()).toArray();
  send({ type: 'inspected', id, rows: JSON.parse(JSON.stringify(rows)) });
}

/** Runs a query on the connection, on a thread, and sends its schema and its rows. @throws DuckDbError */
async function sendRows(
  connection: Connection,
  { id, lane, sql, params }: Pick<Of<'query'>, 'id' | 'lane' | 'sql' | 'params'>,
  { abort, gate }: Running,
): Promise<void> {
  const { signal } = abort;
  signal.throwIfAborted();
  const loan = connection.lend();
  let repeated: NodeJS.Timeout | undefined;
  const stop = (): void => {
    gate.close();
    loan.interrupt();
    repeated = setInterval(() => loan.interrupt(), interruptIntervalMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  let failure: ErrorParts | undefined;
  try {
    await threads.run({ connection: loan.address, sql, sqlBytesMax, params, gate: gate.shared, lane }, (news) => {
      if (news.type === 'over') failure = news.error;
      else send({ ...news, id });
    });
  } finally {
    signal.removeEventListener('abort', stop);
    clearInterval(repeated);
    loan.release();
  }
  if (failure !== undefined) throw new DuckDbError(failure.kind, failure.message, failure.position, failure.details);
}

function give(id: number): void {
  running.get(id)?.gate.open();
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
