// The load as a process of its own: takes its options as JSON in the first argument, prints its report as JSON.
import { sendAll } from './otlp-sender.ts';
import { makeTraceRequests } from './spans.ts';

/** What `bench ingest` asks of its load. */
export interface LoadOptions {
  readonly url: string;
  readonly requests: number;
  readonly spansPerRequest: number;
  readonly concurrency: number;
  readonly seed: number;
  /** Milliseconds since 1970 of the first span; the spans run on from there to now. */
  readonly startTimeMs: number;
}

const options = JSON.parse(process.argv[2]!) as LoadOptions;
// Made before the clock starts, so that the sender only sends.
const bodies = [
  ...makeTraceRequests({
    requests: options.requests,
    spansPerRequest: options.spansPerRequest,
    seed: options.seed,
    startTimeNs: BigInt(options.startTimeMs) * 1_000_000n,
  }),
];
const bytes = bodies.reduce((sum, body) => sum + body.byteLength, 0);
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
const began = performance.now();
const report = await sendAll(bodies, { url: options.url, concurrency: options.concurrency });
const at = (share: number) =>
  report.latenciesMs[Math.min(report.latenciesMs.length - 1, Math.floor(report.latenciesMs.length * share))];
process.stdout.write(
  `${JSON.stringify({ seconds: (performance.now() - began) / 1000, bytes, acknowledged: report.acknowledged, refused: report.refused, p50: at(0.5), p99: at(0.99) })}\n`,
);
process.exit(0);
