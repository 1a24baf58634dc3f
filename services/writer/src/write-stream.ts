// The writer's side of a log's DoExchange: batches in, acknowledgements out.
import type { CallContext, FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { RecordBatch } from 'apache-arrow';
import type { LogRegistry } from './log-registry.ts';
import type { LogStream } from './log-stream.ts';
import { rowsBehind } from './runs.ts';
import { setAside } from './set-aside.ts';
import { type BatchHeader, jsonBytes, parseStreamMessage, type StreamOpening } from './stream-messages.ts';
import { tableKey } from './table-key.ts';
import { isUnstorable } from './table-layout.ts';
import type { TableSet } from './table-set.ts';
import { TableGoneError } from './table-state.ts';
import type { WriterContext } from './writer-context.ts';

export interface WriteStreams {
  readonly context: WriterContext;
  readonly logs: LogRegistry;
  readonly tables: TableSet;
}

/** Serves one stream until either side ends it. What has come stays, and is committed, when the acceptor goes away. */
export async function* serveWriteStream(
  streams: WriteStreams,
  messages: AsyncIterable<FlightMessage>,
  call: CallContext,
): AsyncGenerator<FlightMessage> {
  const input = messages[Symbol.asyncIterator]();
  const opening = await readOpening(input);
  const log = streams.logs.open(opening);
  const { logger } = streams.context;
  logger.info({ logId: log.logId, epoch: log.epoch, acceptorId: log.acceptorId }, 'log stream opened');
  const signal = AbortSignal.any([log.ended, call.signal]);
  receive(streams, log, input, signal).then(
    () => log.endInput(),
    (error) => log.endInput(error),
  );
  try {
    const marks = streams.tables.marksOf(log.logId);
    yield { appMetadata: jsonBytes({ log_id: log.logId, epoch: log.epoch, marks, resend_from: 0 }) };
    for await (const { level, lsn } of log.acknowledgements()) {
      yield { appMetadata: jsonBytes({ lsn, durability_level: level, timestamp_us: Date.now() * 1000, error: '' }) };
    }
  } finally {
    log.endInput();
    logger.info(
      { logId: log.logId, epoch: log.epoch, received: log.received, committed: log.committed },
      'log stream ended',
    );
  }
}

async function readOpening(input: AsyncIterator<FlightMessage>): Promise<StreamOpening> {
  for (let next = await input.next(); !next.done; next = await input.next()) {
    const { appMetadata, batch } = next.value;
    if (!appMetadata && !batch) continue; // a descriptor or a schema alone
    const message = appMetadata && parseStreamMessage(appMetadata);
    if (message?.kind === 'opening' && !batch) return message.opening;
    break;
  }
  throw new GrpcError(Status.INVALID_ARGUMENT, 'log stream: it has to begin with log_id, epoch and acceptor_id');
}

async function receive(
  streams: WriteStreams,
  log: LogStream,
  input: AsyncIterator<FlightMessage>,
  signal: AbortSignal,
): Promise<void> {
  const { memory, disk } = streams.context;
  for (;;) {
    // Not reading on is what slows the acceptor down.
    await memory.room(signal);
    await disk.room(signal);
    const next = await input.next();
    if (next.done) return;
    signal.throwIfAborted();
    const { appMetadata, batch } = next.value;
    if (!appMetadata) {
      if (batch) throw new GrpcError(Status.INVALID_ARGUMENT, 'log stream: a batch without app_metadata');
      continue;
    }
    const message = parseStreamMessage(appMetadata);
    if (message.kind === 'through') log.receivedThrough(message.lsn);
    else if (message.kind === 'batch' && batch) await receiveBatch(streams, log, message.header, batch);
    else
      throw new GrpcError(Status.INVALID_ARGUMENT, `log stream: a message that does not belong here (${message.kind})`);
  }
}

async function receiveBatch(
  { context, tables }: WriteStreams,
  log: LogStream,
  header: BatchHeader,
  batch: RecordBatch,
): Promise<void> {
  const { tenant, table: name, tableUuid } = header;
  const table = tables.get(tenant, name, tableUuid);
  const key = tableKey(tenant, name, tableUuid);
  context.metrics.received(name, batch.numRows);
  if (table.isGone) return;
  let part = log.tables.get(key);
  if (!part) {
    try {
      part = await table.attach(log, batch.schema);
    } catch (reason) {
      if (reason instanceof TableGoneError) return table.abandon();
      if (!isUnstorable(reason)) throw reason;
      const rows = rowsBehind(0, header, batch);
      if (rows) await setAside(context, { tenant, table: name, log, rows, reason: reason as Error });
      return;
    }
    log.tables.set(key, part);
  }
  const rows = rowsBehind(part.skipThrough, header, batch);
  context.metrics.skipped(batch.numRows - (rows?.batch.numRows ?? 0));
  if (rows) table.add(part, rows);
}
