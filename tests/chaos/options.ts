import { parseArgs } from 'node:util';
import { type ServiceName, serviceNames } from '../system/ports.ts';

/** What is killed: one service of five, any of the five, the single process, or first five and then one. */
export type Target = ServiceName | 'five' | 'single' | 'all';

export interface ChaosOptions {
  readonly kills: number;
  /** What the plan of blows and the load follow from. */
  readonly seed: number;
  readonly target: Target;
  readonly spansPerSecond: number;
  /** Which object store: a folder, or a MinIO server. */
  readonly store: 'local' | 'minio';
  /** Writers of the five processes' cluster: with two, a log moves to the other one when its own is away. */
  readonly writers: number;
  /** Where the data goes; undefined: a temporary folder, removed if all went well. */
  readonly dir: string | undefined;
}

export const usage = `npm run chaos -- [flags]

Starts SignalDB as real processes, sends spans over OTLP/gRPC, kills processes with SIGKILL (and freezes some for a while) at
random moments, starts them again, and looks whether every acknowledged span is there exactly once.
Exit code 1 when it isn't; then the data folder and the processes' logs are kept.

  --kills N        default 20
  --seed N         default random; printed, so that a run's plan can be had again
  --target WHAT    ${serviceNames.join(', ')}: only this one of five; five: any of them; single: the single process;
                   all: any of five, then the single process. Default all
  --rate N         spans a second, default 2000
  --store KIND     local, or minio, which is then hit as well; default local
  --writers N      writers beside the other four services, default 1
  --dir FOLDER     data; default a temporary folder`;

const targets: readonly string[] = [...serviceNames, 'five', 'single', 'all'];

/** Throws with what is wrong in one line. Undefined: help was asked for. */
export function parseOptions(args: readonly string[]): ChaosOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string', default: '20' },
      seed: { type: 'string' },
      target: { type: 'string', default: 'all' },
      rate: { type: 'string', default: '2000' },
      store: { type: 'string', default: 'local' },
      writers: { type: 'string', default: '1' },
      dir: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { target, store } = values;
  if (!targets.includes(target)) throw new Error(`--target is one of ${targets.join(', ')}, not "${target}"`);
  if (store !== 'local' && store !== 'minio') throw new Error(`--store is local or minio, not "${store}"`);
  return {
    kills: wholeNumber('kills', values.kills, 0),
    seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber('seed', values.seed, 0),
    target: target as Target,
    spansPerSecond: wholeNumber('rate', values.rate, 1),
    store,
    writers: wholeNumber('writers', values.writers, 1),
    dir: values.dir,
  };
}

function wholeNumber(name: string, text: string, min: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < min)
    throw new Error(`--${name} is a whole number of at least ${min}, not "${text}"`);
  return value;
}
