import { parseArgs } from 'node:util';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { guide } from './guide.ts';
import { untilReachable } from './reachable.ts';
import { createShop, type Visit } from './shop.ts';

const REPORT_INTERVAL_MS = 10_000;

const { values } = parseArgs({ options: { 'visits-per-second': { type: 'string', default: '5' } } });
const visitsPerSecond = Number(values['visits-per-second']);
if (!(visitsPerSecond > 0 && visitsPerSecond <= 1000)) {
  console.error('--visits-per-second must be a number above 0 and up to 1000');
  process.exit(2);
}
const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT || 'http://127.0.0.1:4317';
const http = process.env.SIGNALDB_HTTP ?? 'http://127.0.0.1:3200';
const flight = process.env.SIGNALDB_FLIGHT ?? 'grpc://127.0.0.1:8082';

let refused = '';
const note = (message: string): void => {
  refused = message;
};
const ignore = (): void => {};
diag.setLogger({ error: note, warn: note, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);

await untilReachable(endpoint);
const shop = createShop(endpoint);
let visits = 0;
let failures = 0;
let last: Visit | undefined;

function visit(): void {
  last = shop.visit();
  visits++;
  if (last.failed) failures++;
}

/** Says once a while how it goes; a server that isn't there is no reason to stop. */
function report(): void {
  if (refused)
    console.log(`${endpoint} did not take everything: ${refused.slice(0, 200)}\nIs SignalDB running (npm start)?`);
  else console.log(`${visits} visits, ${failures} failed; the last trace: ${last?.traceId}`);
  refused = '';
}

visit();
await shop.flush().catch((error: Error) => note(error.message));
if (refused) report();
else console.log(guide(last!, http, flight));

const visiting = setInterval(visit, 1000 / visitsPerSecond);
const reporting = setInterval(report, REPORT_INTERVAL_MS);

async function close(): Promise<void> {
  clearInterval(visiting);
  clearInterval(reporting);
  await shop.shutdown().catch((error: Error) => note(error.message));
  report();
  process.exit(0);
}
process.once('SIGINT', () => void close());
process.once('SIGTERM', () => void close());
