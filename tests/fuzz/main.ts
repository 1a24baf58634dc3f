// `npm run fuzz -- flight`: see README.md. Watches a thread that tries the cases; one that hangs can't tell so itself.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Report, WorkerInput } from './flight/worker.ts';
import { type FuzzOptions, parseFuzzOptions } from './options.ts';

const HANG_MS = 20_000;

function readOptions(): FuzzOptions {
  try {
    return parseFuzzOptions(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

const options = readOptions();
const began = performance.now();
const current = new SharedArrayBuffer(4);
const watched = new Int32Array(current);
console.log(`seed ${options.seed}`);

function replay(index: number): string {
  return `npm run fuzz -- flight --seed ${options.seed} --only ${index}`;
}

const worker = new Worker(new URL('./flight/worker.ts', import.meta.url), {
  workerData: { options, current } satisfies WorkerInput,
});
let before = -1;
let sinceMs = performance.now();
const watch = setInterval(() => {
  const index = Atomics.load(watched, 0);
  if (index !== before) {
    before = index;
    sinceMs = performance.now();
  } else if (performance.now() - sinceMs > HANG_MS) {
    console.error(`FOUND: nothing has moved for ${HANG_MS} ms at case ${index}. Again: ${replay(index)}`);
    process.exit(1);
  }
}, 1000);

worker.on('message', (report: Report) => {
  const seconds = (performance.now() - began) / 1000;
  switch (report.kind) {
    case 'progress': {
      const { tried, refused, slowestMs, memory } = report;
      console.log(
        `${tried} of ${options.streams} streams, ${Math.round(tried / seconds)} a second, ${Math.round((100 * refused) / tried)} % refused, ` +
          `slowest ${slowestMs.toFixed(0)} ms, ${Math.round(memory / 2 ** 20)} MiB resident`,
      );
      break;
    }
    case 'finding': {
      const file = join(tmpdir(), `signaldb-fuzz-${options.seed}-${report.index}.bin`);
      writeFileSync(file, report.bytes);
      console.error(`FOUND at case ${report.index}: ${report.what}`);
      console.error(`${report.bytes.length} bytes, kept in ${file}`);
      if (report.bytes.length < 4000) console.error(Buffer.from(report.bytes).toString('base64'));
      console.error(`Again: ${replay(report.index)}`);
      break;
    }
    case 'done':
      console.log(
        `${report.tried} mutated streams in ${seconds.toFixed(0)} s: ${report.refused} refused, ${report.tried - report.refused} decoded; ` +
          `${report.calls} of them to a live server, whose stream beside went on (${report.echoes} echoes). Nothing found.`,
      );
  }
});
worker.on('error', (error) => {
  console.error(`FOUND: the thread failed at case ${Atomics.load(watched, 0)}`, error);
  process.exitCode = 1;
});
worker.on('exit', (code) => {
  clearInterval(watch);
  process.exitCode ||= code;
});
