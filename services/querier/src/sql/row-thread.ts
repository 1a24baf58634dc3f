// A thread of the SQL process that runs queries and writes their rows, as Flight's messages, to the file that the querier reads.
// DuckDB hands out a result in chunks of 2048 rows: called from a thread of its own that waits for each, it is twice as fast.
import { writevSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { borrowConnection, type Parameter } from '@signaldb/duckdb';
import { type EncodedMessage, FlightDataEncoder } from '@signaldb/flight/codec';
import { type ErrorParts, errorParts, rowsFd } from './process-messages.ts';
import { RowGate } from './row-gate.ts';
import { layout, slotOffset, slotsPerLane } from './row-slots.ts';

/** A query for the thread. */
export interface RowJob {
  /** Of a connection that was lent. */
  readonly connection: bigint;
  readonly sql: string;
  readonly sqlBytesMax: number;
  readonly params: readonly Parameter[];
  readonly gate: SharedArrayBuffer;
  readonly lane: number;
}

/** What the thread tells of it. */
export type RowNews =
  /** The schema as a Flight message. */
  | { readonly type: 'schema'; readonly statementType: string; readonly schema: Uint8Array }
  /** A slot was filled. */
  | { readonly type: 'batch'; readonly slot: number; readonly lengths: readonly number[] }
  | { readonly type: 'over'; readonly error?: ErrorParts };

/** Batches are copied on their way, some at once: smaller ones keep that small. */
const batchBytesMax = 4 << 20;

const post = (news: RowNews): void => parentPort?.postMessage(news);

parentPort?.on('message', (job: RowJob) => {
  run(job).then(
    () => post({ type: 'over' }),
    (error: unknown) => post({ type: 'over', error: errorParts(error) }),
  );
});

async function run({ connection: address, sql, sqlBytesMax, params, gate: shared, lane }: RowJob): Promise<void> {
  const gate = new RowGate(shared);
  const abort = new AbortController();
  const { signal } = abort;
  const beforeCall = (): void => {
    if (gate.isClosed && !signal.aborted) abort.abort();
  };
  const connection = borrowConnection(address, { sqlBytesMax, beforeCall });
  const result = await connection.query(sql, { params, signal, batchBytesMax, reuseMemory: true });
  const encoder = new FlightDataEncoder();
  const [schema = []] = encoder.encode({ schema: result.schema });
  post({ type: 'schema', statementType: result.statementType, schema: Buffer.concat(schema) });
  let slot = 0;
  for await (const batch of result) {
    if (!gate.enter()) break;
    const messages = encoder.encode({ batch });
    post({ type: 'batch', slot, lengths: write(messages, slotOffset(lane, slot)) });
    slot = (slot + 1) % slotsPerLane;
  }
}

/** Writes messages at a place of the file, and answers their lengths. */
function write(messages: readonly EncodedMessage[], position: number): number[] {
  const lengths = messages.map((parts) => parts.reduce((sum, part) => sum + part.length, 0));
  const { starts } = layout(lengths);
  messages.forEach((parts, i) => {
    writeAll(parts, position + starts[i]!);
  });
  return lengths;
}

function writeAll(parts: readonly Uint8Array[], position: number): void {
  for (let rest = parts; rest.length > 0; ) {
    const written = writevSync(rowsFd, rest, position);
    position += written;
    rest = after(rest, written);
  }
}

/** What is left of the parts behind their first bytes. */
function after(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let i = 0;
  for (; i < parts.length && bytes >= parts[i]!.length; i++) bytes -= parts[i]!.length;
  return i === parts.length ? [] : [parts[i]!.subarray(bytes), ...parts.slice(i + 1)];
}
