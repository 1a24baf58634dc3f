import { parseArgs } from 'node:util';

export interface FuzzOptions {
  /** How many mutated streams to try. */
  readonly streams: number;
  /** Ends earlier where it takes longer than that. */
  readonly minutes: number;
  readonly seed: number;
  /** Tries this case alone. */
  readonly only?: number;
}

const usage = 'npm run fuzz -- flight [--streams N] [--minutes M] [--seed S] [--only INDEX]';

/** Throws a TypeError that says what the command takes. */
export function parseFuzzOptions(args: readonly string[]): FuzzOptions {
  const { values, positionals } = parseArgs({
    args: args.filter((argument) => argument !== '--'),
    allowPositionals: true,
    options: {
      streams: { type: 'string', default: '1000000' },
      minutes: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      only: { type: 'string' },
    },
  });
  if (positionals.length !== 1 || positionals[0] !== 'flight') throw new TypeError(`What to fuzz? ${usage}`);
  const number = (name: 'streams' | 'minutes' | 'seed' | 'only'): number => {
    const value = Number(values[name]);
    if (!(value >= 0)) throw new TypeError(`--${name} ${values[name]} is no number. ${usage}`);
    return value;
  };
  return {
    streams: number('streams'),
    minutes: number('minutes'),
    seed: number('seed'),
    ...(values.only !== undefined && { only: number('only') }),
  };
}
