// An acceptor that does what a test's script says.
import { type FlightClient, type FlightMessage, pathDescriptor } from '@signaldb/flight';
import { createSignalAppender, type Signal } from '@signaldb/otlp';
import type { RecordBatch } from 'apache-arrow';

export interface LogRows {
  readonly tenant?: string;
  readonly table: string;
  readonly tableUuid?: string;
  readonly batch: RecordBatch;
  readonly firstLsn: number;
  readonly lastLsn: number;
  readonly runs: readonly (readonly [number, number])[];
}

/** A request of spans for each LSN: `spans` tells how many, default 2. Trace ids tell LSN and place: none is like another. */
export function spansOf(
  lsns: readonly number[],
  options: {
    readonly spans?: number;
    readonly hour?: number;
    readonly attribute?: object;
    readonly tenant?: string;
  } = {},
): LogRows {
  const { spans = 2, hour = 490_000, attribute = { stringValue: 'v' }, tenant } = options;
  const [rows] = sealed('traces', lsns, (lsn) => ({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
        scopeSpans: [
          {
            spans: Array.from({ length: spans }, (_, i) => ({
              traceId: `${lsn.toString(16).padStart(16, '0')}${i.toString(16).padStart(16, '0')}`,
              spanId: (lsn * 1000 + i + 1).toString(16).padStart(16, '0'),
              name: `span ${i} of ${lsn}`,
              startTimeUnixNano: String(BigInt(hour) * 3_600_000_000_000n + BigInt(lsn) * 1000n),
              endTimeUnixNano: String(BigInt(hour) * 3_600_000_000_000n + BigInt(lsn) * 1000n + 500n),
              attributes: [{ key: 'k', value: attribute }],
            })),
          },
        ],
      },
    ],
  }));
  return { ...rows!, ...(tenant !== undefined && { tenant }) };
}

function sealed(signal: Signal, lsns: readonly number[], request: (lsn: number) => object): LogRows[] {
  const appender = createSignalAppender({ signal });
  for (const lsn of lsns) {
    appender.append(Buffer.from(JSON.stringify(request(lsn))), 'json');
    appender.commit(lsn);
  }
  return appender.seal();
}

export interface Ack {
  readonly lsn: number;
  readonly level: string;
}

/** A log's stream to a writer. */
export interface ScriptedStream {
  readonly opened: Promise<{ readonly epoch: number; readonly marks: Record<string, number> }>;
  readonly acks: readonly Ack[];
  /** Rejects with what ended the stream, resolves when the writer ended it well. */
  readonly ended: Promise<void>;
  send(...rows: readonly LogRows[]): void;
  through(lsn: number): void;
  raw(message: FlightMessage): void;
  /** Resolves when an LSN is acknowledged at a level; rejects when the stream ends before. */
  acknowledged(lsn: number, level?: string): Promise<void>;
  /** Closes the sending side. */
  finish(): void;
  /** The connection breaks. */
  breakOff(): void;
}

export const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

export function openStream(
  client: FlightClient,
  opening: { readonly logId: string; readonly epoch: number },
): ScriptedStream {
  const queue: (FlightMessage | undefined)[] = [];
  const abort = new AbortController();
  const acks: Ack[] = [];
  const opened = Promise.withResolvers<{ epoch: number; marks: Record<string, number> }>();
  let wake = Promise.withResolvers<void>();
  let heard = Promise.withResolvers<void>();
  let isOver = false;
  const push = (message: FlightMessage | undefined) => {
    queue.push(message);
    wake.resolve();
  };

  async function* outgoing(): AsyncGenerator<FlightMessage> {
    yield {
      descriptor: pathDescriptor('log', opening.logId),
      appMetadata: json({
        log_id: opening.logId,
        epoch: opening.epoch,
        acceptor_id: `acceptor-${opening.logId}`,
        requested_durability: 'iceberg_committed',
      }),
    };
    for (;;) {
      while (queue.length > 0) {
        const next = queue.shift();
        if (!next) return;
        yield next;
      }
      wake = Promise.withResolvers();
      await Promise.race([
        wake.promise,
        new Promise((resolve) => abort.signal.addEventListener('abort', resolve, { once: true })),
      ]);
      if (abort.signal.aborted) return;
    }
  }

  const tell = () => {
    heard.resolve();
    heard = Promise.withResolvers();
  };
  const ended = (async () => {
    try {
      let isFirst = true;
      for await (const { appMetadata } of client.doExchange(outgoing(), { signal: abort.signal })) {
        const message = JSON.parse(Buffer.from(appMetadata!).toString());
        if (isFirst) opened.resolve(message);
        else acks.push({ lsn: message.lsn, level: message.durability_level });
        isFirst = false;
        tell();
      }
    } catch (error) {
      opened.reject(error);
      throw error;
    } finally {
      isOver = true;
      tell();
    }
  })();
  ended.catch(() => {});
  opened.promise.catch(() => {});

  return {
    opened: opened.promise,
    acks,
    ended,
    send(...rows) {
      for (const { tenant = 'default', table, tableUuid, batch, firstLsn, lastLsn, runs } of rows) {
        const about = {
          tenant,
          table_name: table,
          table_uuid: tableUuid,
          first_lsn: firstLsn,
          last_lsn: lastLsn,
          runs,
        };
        push({ batch, appMetadata: json(about) });
      }
    },
    through: (lsn) => push({ appMetadata: json({ through_lsn: lsn }) }),
    raw: push,
    async acknowledged(lsn, level = 'iceberg_committed') {
      while (!acks.some((ack) => ack.level === level && ack.lsn >= lsn)) {
        if (isOver) await ended.then(() => Promise.reject(new Error('the stream ended well')));
        await heard.promise;
      }
    },
    finish: () => push(undefined),
    breakOff: () => abort.abort(),
  };
}
