import { type ChildProcess, fork } from 'node:child_process';
import { type DatabaseSettings, DuckDbError, type Parameter, type SyntaxTree } from '@signaldb/duckdb';
import { decodeSchemaBytes, FlightDataDecoder, IpcError } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch, Schema } from 'apache-arrow';
import type { FirstRuns, FromProcess, ToProcess } from './process-messages.ts';
import { RowFile } from './row-file.ts';

/** Rows of a query that runs in another process. */
export interface SandboxResult {
  readonly schema: Schema;
  readonly statementType: string;
  /** Rows of what was to be inspected before. */
  readonly inspected: readonly unknown[];
  /** Each batch once; leaving early stops the query. */
  readonly batches: AsyncIterable<RecordBatch>;
}

/** What a statement would do and answer. */
export interface SandboxDescription {
  readonly statementType: string;
  readonly schema: Schema;
  readonly parameters: Schema;
}

export interface SandboxOptions {
  /** Locked, with the tenant's folder. */
  readonly settings: DatabaseSettings;
  /** Resident memory at which the process is ended, in bytes. */
  readonly residentBytesMax: number;
  /** How long a query that was cancelled may go on before the process is ended, in milliseconds. Default 2000. */
  readonly cancelGraceMs?: number;
  /** Told what the process writes to its standard error, and how it ended. */
  readonly onEnd: (end: { readonly reason: string; readonly text: string }) => void;
}

/** Receives the messages of one call. */
interface Call {
  readonly onMessage: (message: FromProcess) => void;
  readonly onEnd: (error: GrpcError) => void;
}

/** How long a call that was cancelled may go on before its process is ended. */
const cancelGraceMsDefault = 2000;
const textMax = 4000;

/**
 * A process of its own for one tenant's SQL, with a locked DuckDB in it. Whatever a statement makes DuckDB allocate, hang in or die of, it is
 * this process that is ended, and its calls fail: with RESOURCE_EXHAUSTED where it was for memory, else with UNAVAILABLE.
 */
export class Sandbox {
  readonly #child: ChildProcess;
  readonly #cancelGraceMs: number;
  readonly #rows: RowFile;
  readonly #calls = new Map<number, Call>();
  readonly #ended: Promise<void>;
  #nextId = 1;
  #end: GrpcError | undefined;
  #outOfMemory = false;
  #isStopping = false;
  #text = '';

  constructor({ settings, residentBytesMax, cancelGraceMs = cancelGraceMsDefault, onEnd }: SandboxOptions) {
    this.#cancelGraceMs = cancelGraceMs;
    const file = import.meta.url.endsWith('.ts') ? './sql-process.ts' : './sql-process.js';
    this.#rows = new RowFile(settings.tempDirectory, residentBytesMax);
    this.#child = fork(new URL(file, import.meta.url), {
      serialization: 'advanced',
      execArgv: [],
      // Nothing of the environment: SQL has no business with it.
      env: { UV_THREADPOOL_SIZE: '8', NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', this.#rows.fd],
    });
    this.#child.stderr?.on('data', (data: Buffer) => {
      this.#text = `${this.#text}${data}`.slice(-textMax);
    });
    this.#child.on('message', (message: FromProcess) => this.#receive(message));
    this.#child.on('error', () => {});
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#onClose();
        if (!this.#isStopping)
          onEnd({ reason: this.#outOfMemory ? 'memory' : (signal ?? `exit code ${code}`), text: this.#text });
        resolve();
      });
    });
    this.#send({ type: 'open', settings, residentBytesMax });
  }

  /** Whether it takes no more calls. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Bytes of rows on their way, read or not. */
  get rowBytes(): number {
    return this.#rows.bytes;
  }

  /** Resolves when no query runs any more, those that were cancelled included. */
  async idle(): Promise<void> {
    while (this.#rows.lanes > 0) await this.#rows.released();
  }

  /** Parses SELECT statements. @throws DuckDbError */
  async parse(sql: string): Promise<SyntaxTree> {
    const message = await this.#call((id) => ({ type: 'parse', id, sql }));
    if (message.type !== 'parsed') throw unexpected(message);
    // As text on its way: a tree may be deeper than messages can be.
    return JSON.parse(message.tree);
  }

  /** Makes views, and describes statements that may use them. @throws DuckDbError */
  async describe(views: readonly string[], statements: readonly string[]): Promise<SandboxDescription[]> {
    const message = await this.#call((id) => ({ type: 'describe', id, views, statements }));
    if (message.type !== 'described') throw unexpected(message);
    return message.descriptions.map(({ statementType, schema, parameters }) => ({
      statementType,
      schema: decodeSchemaBytes(schema),
      parameters: decodeSchemaBytes(parameters),
    }));
  }

  /**
   * Makes views and runs a query on them, after what has to be run before it on the same connection. Aborting the signal stops it; what
   * waits then rejects with the signal’s reason.
   * @throws DuckDbError
   */
  async query(
    views: readonly string[],
    sql: string,
    params: readonly Parameter[],
    signal: AbortSignal,
    first?: FirstRuns,
  ): Promise<SandboxResult> {
    signal.throwIfAborted();
    const id = this.#nextId++;
    const inbox = new Inbox();
    if (this.#end !== undefined) throw this.#end;
    const lane = this.#rows.take();
    this.#open(id, { onMessage: (message) => inbox.put(message), onEnd: (error) => inbox.fail(error) });
    const stop = this.#stopper(id, lane, inbox, signal);
    this.#send({ type: 'query', id, lane, views, sql, params, first });
    try {
      let message = await inbox.take();
      const inspected = message.type === 'inspected' ? message.rows : [];
      if (message.type === 'inspected') message = await inbox.take();
      if (message.type !== 'schema') throw unexpected(message);
      const decoder = new FlightDataDecoder();
      const schema = decoder.decode(message.schema)?.schema;
      if (schema === undefined) throw unexpected(message);
      const batches = this.#batches(id, lane, decoder, inbox, stop);
      return { schema, statementType: message.statementType, inspected, batches };
    } catch (error) {
      stop();
      throw error;
    }
  }

  /** The rows, each message checked as one from a stranger: what the process says is only as good as the SQL that it runs. */
  async *#batches(
    id: number,
    lane: number,
    decoder: FlightDataDecoder,
    inbox: Inbox,
    stop: () => void,
  ): AsyncGenerator<RecordBatch> {
    try {
      for (;;) {
        const message = await inbox.take();
        if (message.type === 'end') return;
        if (message.type !== 'batch') throw unexpected(message);
        const slot = await this.#rows.read(lane, message);
        this.#send({ type: 'taken', id });
        for (const bytes of slot) {
          const batch = this.#decode(decoder, bytes);
          if (batch) yield batch;
        }
      }
    } finally {
      stop();
    }
  }

  #decode(decoder: FlightDataDecoder, bytes: Uint8Array): RecordBatch | undefined {
    try {
      return decoder.decode(bytes)?.batch;
    } catch (error) {
      if (!(error instanceof IpcError)) throw error;
      this.kill();
      throw new GrpcError(
        Status.INTERNAL,
        `the process of the tenant’s SQL sent rows that can’t be read: ${error.message}`,
      );
    }
  }

  /** Ends a call, whatever its state; also when the signal aborts. */
  #stopper(id: number, lane: number, inbox: Inbox, signal: AbortSignal): () => void {
    const onAbort = (): void => {
      inbox.fail(signal.reason);
      stop();
    };
    let stopped = false;
    const stop = (): void => {
      signal.removeEventListener('abort', onAbort);
      if (stopped) return;
      stopped = true;
      this.#calls.delete(id);
      if (inbox.isOver || this.#end !== undefined) this.#rows.give(lane);
      else this.#cancel(id, lane);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return stop;
  }

  /** Interrupts a call. DuckDB doesn't look up in some parts of planning, or in one long step: then only ending the process helps. */
  #cancel(id: number, lane: number): void {
    const timer = setTimeout(() => this.kill(), this.#cancelGraceMs).unref();
    const over = (): void => {
      clearTimeout(timer);
      this.#calls.delete(id);
      this.#rows.give(lane);
    };
    this.#calls.set(id, {
      onMessage: (message) => {
        if (message.type === 'end' || message.type === 'error') over();
      },
      onEnd: over,
    });
    this.#send({ type: 'cancel', id });
  }

  /** Ends the process at once; its calls fail. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Ends the process when it isn't needed any more. May be called twice. */
  async close(): Promise<void> {
    this.#isStopping = true;
    this.kill();
    await this.#ended;
  }

  async #call(request: (id: number) => ToProcess): Promise<FromProcess> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        this.#calls.delete(id);
        then();
      };
      this.#open(id, {
        onMessage: (message) => settle(() => (message.type === 'error' ? reject(errorOf(message)) : resolve(message))),
        onEnd: (error) => settle(() => reject(error)),
      });
      this.#send(request(id));
    });
  }

  #open(id: number, call: Call): void {
    if (this.#end !== undefined) throw this.#end;
    this.#calls.set(id, call);
  }

  #send(message: ToProcess): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #receive(message: FromProcess): void {
    if (message.type === 'memory') this.#outOfMemory = true;
    else this.#calls.get(message.id)?.onMessage(message);
  }

  #onClose(): void {
    this.#rows.close();
    const isAlone = this.#calls.size <= 1;
    this.#end = this.#outOfMemory
      ? new GrpcError(
          isAlone ? Status.RESOURCE_EXHAUSTED : Status.UNAVAILABLE,
          `the tenant’s SQL took more memory than it may (setting querier.sqlMemoryBytesMax), and was ended${
            isAlone ? '' : ' with all that ran: this statement may not be the cause, run it again'
          }`,
        )
      : new GrpcError(Status.UNAVAILABLE, 'the process of the tenant’s SQL has ended; try again');
    for (const { onEnd } of [...this.#calls.values()]) onEnd(this.#end);
  }
}

/** Messages of a query in the order in which they came. */
class Inbox {
  readonly #messages: FromProcess[] = [];
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};
  /** The last message has come. */
  isOver = false;

  put(message: FromProcess): void {
    if (message.type === 'end' || message.type === 'error') this.isOver = true;
    this.#messages.push(message);
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  async take(): Promise<FromProcess> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const message = this.#messages.shift();
      if (message?.type === 'error') throw errorOf(message);
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function errorOf({
  error: { kind, message, position, details },
}: Extract<FromProcess, { type: 'error' }>): DuckDbError {
  return new DuckDbError(kind, message, position, details);
}

function unexpected({ type }: FromProcess): Error {
  return new Error(`unexpected message ${type} of the SQL process`);
}
