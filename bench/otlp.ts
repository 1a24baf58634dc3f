import { createSignalAppender } from '@signaldb/otlp';
import { makeTraceRequests } from './spans.ts';

const ROWS_PER_BATCH = 65_536;

/** Decodes realistic trace requests into Arrow batches, on one core: `npm run bench otlp [spans]`. */
export async function main(args: readonly string[]): Promise<void> {
  const spans = Number(args[0] ?? 1_000_000);
  const requests = [...makeTraceRequests({ requests: Math.ceil(spans / 500) })];
  const bytes = requests.reduce((sum, request) => sum + request.length, 0);
  console.log(`${requests.length * 500} spans, ${(bytes / requests.length / 500).toFixed(0)} OTLP bytes a span`);
  for (let round = 1; round <= 3; round++) {
    const { seconds, columns, arrowBytes } = decode(requests);
    const rate = (requests.length * 500) / seconds;
    console.log(
      `round ${round}: ${((seconds * 1e6) / requests.length / 500).toFixed(3)} µs a span, ${(rate / 1e6).toFixed(2)} million spans/s, ` +
        `${columns} columns, ${(arrowBytes / requests.length / 500).toFixed(0)} Arrow bytes a span`,
    );
  }
}

function decode(requests: readonly Uint8Array[]): { seconds: number; columns: number; arrowBytes: number } {
  const appender = createSignalAppender({ signal: 'traces' });
  let lsn = 0;
  let columns = 0;
  let arrowBytes = 0;
  const seal = (): void => {
    arrowBytes += appender.bytes;
    for (const { batch } of appender.seal()) columns = Math.max(columns, batch.numCols);
  };
  const start = process.cpuUsage();
  for (const request of requests) {
    appender.append(request, 'protobuf');
    appender.commit(++lsn);
    if (appender.rows >= ROWS_PER_BATCH) seal();
  }
  seal();
  const { user, system } = process.cpuUsage(start);
  return { seconds: (user + system) / 1e6, columns, arrowBytes };
}
