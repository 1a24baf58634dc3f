// `npm run bench query [-- --spans 1000000 --rounds 50]`: trace by id and TraceQL searches over the Tempo API, on spans that are committed, warm.
import { parseArgs } from 'node:util';
import { sendAll } from './otlp-sender.ts';
import { cpuOf } from './process-usage.ts';
import { makeTraceRequests } from './spans.ts';
import { committed, pause, type System, startSystem } from './system.ts';

const spansPerRequest = 500;

const searches: readonly (readonly [name: string, q: string])[] = [
  ['everything', '{}'],
  ['a service', '{ resource.service.name = "checkout" }'],
  ['an attribute', '{ span.http.response.status_code = 500 }'],
  ['an attribute, unscoped', '{ .http.response.status_code >= 500 }'],
  ['errors of a service', '{ resource.service.name = "payment" && status = error }'],
  ['slow spans', '{ duration > 1s }'],
  ['a regular expression', '{ name =~ "POST .*" && kind = server }'],
  ['either of two', '{ resource.service.name = "cart" || span.db.system = "redis" }'],
  ['no match', '{ span.http.route = "/there/is/none" }'],
];

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { spans: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '50' } },
  });
  const requests = Math.ceil(Number(values.spans) / spansPerRequest);
  const rounds = Number(values.rounds);
  const system = await startSystem();
  try {
    console.log(`storing ${requests * spansPerRequest} spans …`);
    const load = await store(system, requests);
    const ids = await traceIds(system, load, rounds);
    await measure(
      system,
      'trace by id',
      ids.map((id) => `/api/v2/traces/${id}`),
      { accept: 'application/protobuf' },
    );
    for (const [name, q] of searches) {
      await measure(
        system,
        `search: ${name}`,
        Array.from({ length: rounds }, () => `/api/search?limit=20&q=${encodeURIComponent(q)}`),
      );
    }
    await measure(
      system,
      'tag names',
      Array.from({ length: 5 }, () => '/api/v2/search/tags'),
    );
    await measure(
      system,
      'values of a tag',
      Array.from({ length: 5 }, () => '/api/v2/search/tag/resource.service.name/values'),
    );
  } finally {
    await system.stop();
  }
}

/** When the stored spans begin, and for how long they go on. */
interface Load {
  readonly startSeconds: number;
  readonly seconds: number;
}

async function store(system: System, requests: number): Promise<Load> {
  const startSeconds = Math.floor(Date.now() / 1000) - 600;
  const spansPerSecond = 20_000;
  const bodies = makeTraceRequests({
    requests,
    spansPerRequest,
    seed: 1,
    startTimeNs: BigInt(startSeconds) * 1_000_000_000n,
    spansPerSecond,
  });
  const report = await sendAll(bodies, { url: system.otlpGrpcUrl, concurrency: 8 });
  const spans = report.acknowledged * spansPerRequest;
  for (let tries = 0; (await committed(system, 'traces')).rows < spans; tries++) {
    if (tries > 1200) throw new Error('the spans were not committed after two minutes');
    await pause(100);
  }
  return { startSeconds, seconds: spans / spansPerSecond };
}

/** Ids of traces over the whole time, not only the newest. */
async function traceIds(system: System, load: Load, count: number): Promise<string[]> {
  const slices = 10;
  const ids = new Set<string>();
  for (let slice = 0; slice < slices; slice++) {
    const start = load.startSeconds + Math.floor((slice * load.seconds) / slices);
    const end = start + Math.max(1, Math.floor(load.seconds / slices));
    const response = await fetch(
      `${system.tempoUrl}/api/search?q=${encodeURIComponent('{}')}&limit=${Math.ceil(count / slices)}&start=${start}&end=${end}`,
    );
    const { traces } = (await response.json()) as { traces: { traceID: string }[] };
    for (const { traceID } of traces) ids.add(traceID);
  }
  return [...ids].slice(0, count);
}

async function measure(
  system: System,
  name: string,
  urls: readonly string[],
  headers: Record<string, string> = {},
): Promise<void> {
  const timesMs: number[] = [];
  let bytes = 0;
  const ask = async (url: string) => {
    const response = await fetch(system.tempoUrl + url, { headers });
    const body = await response.arrayBuffer();
    if (!response.ok) throw new Error(`${url}: ${response.status} ${Buffer.from(body).toString()}`);
    bytes += body.byteLength;
  };
  for (const url of urls.slice(0, 3)) await ask(url);
  const before = cpuOf(system.pid).total;
  for (const url of urls) {
    const began = performance.now();
    await ask(url);
    timesMs.push(performance.now() - began);
  }
  const cpuMs = ((cpuOf(system.pid).total - before) * 1000) / urls.length;
  timesMs.sort((a, b) => a - b);
  const at = (share: number) => timesMs[Math.min(timesMs.length - 1, Math.floor(timesMs.length * share))]!.toFixed(1);
  console.log(
    `${name.padEnd(32)} p50 ${at(0.5).padStart(7)} ms   p99 ${at(0.99).padStart(7)} ms   ${cpuMs.toFixed(1).padStart(6)} CPU-ms   ${Math.round(bytes / (urls.length + 3))} bytes`,
  );
}
