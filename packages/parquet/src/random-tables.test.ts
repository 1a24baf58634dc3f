import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Bool, type DataType, Field, Float64, Int32, Int64, List, Struct, Utf8 } from 'apache-arrow';
import { batchOf, encode } from './testing/batches.ts';
import { type DuckDbReader, openDuckDbReader } from './testing/duckdb-reader.ts';

let reader: DuckDbReader;
beforeAll(async () => {
  reader = await openDuckDbReader();
});
afterAll(() => reader.close());

/** mulberry32 */
function randomOf(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Kind {
  readonly type: DataType;
  /** A value, and as DuckDB gives it back. */
  make(random: () => number): [value: unknown, expected: unknown];
}

const same = <T>(value: T): [T, T] => [value, value];
const integer = (random: () => number, max: number) => Math.floor(random() * max);

function primitive(random: () => number): Kind {
  const distinct = 1 + Math.floor(10 ** (random() * 4));
  switch (integer(random, 6)) {
    case 0:
      return { type: new Bool(), make: (r) => same(r() < 0.3) };
    case 1:
      return { type: new Int32(), make: (r) => same(integer(r, distinct) - 5) };
    case 2: {
      const scale = BigInt(2) ** BigInt(integer(random, 50));
      const of = (n: bigint): [bigint, string] => [n, String(n)];
      return { type: new Int64(), make: (r) => of((BigInt(integer(r, distinct)) - 7n) * scale) };
    }
    case 3:
      return { type: new Float64(), make: (r) => same(integer(r, distinct) / 8 - 3) };
    default: {
      const padding = 'żx'.repeat(integer(random, 30));
      return { type: new Utf8(), make: (r) => same(`${padding}${integer(r, distinct)}`) };
    }
  }
}

function kindOf(random: () => number, depth: number): Kind {
  const what = depth === 0 ? 0 : integer(random, 4);
  if (what < 2) return primitive(random);
  const nulls = random() * 0.5;
  if (what === 2) {
    const inner = kindOf(random, depth - 1);
    return {
      type: new List(new Field('element', inner.type, true)),
      make(r) {
        const elements = Array.from({ length: integer(r, 4) }, () => (r() < nulls ? same(null) : inner.make(r)));
        return [elements.map(([v]) => v), elements.map(([, e]) => e)];
      },
    };
  }
  const fields = Array.from({ length: 1 + integer(random, 3) }, (_, i) => ({
    name: `f${i}`,
    kind: kindOf(random, depth - 1),
  }));
  return {
    type: new Struct(fields.map(({ name, kind }) => new Field(name, kind.type, true))),
    make(r) {
      const made = fields.map(({ name, kind }) => [name, r() < nulls ? same(null) : kind.make(r)] as const);
      return [
        Object.fromEntries(made.map(([name, [v]]) => [name, v])),
        Object.fromEntries(made.map(([name, [, e]]) => [name, e])),
      ];
    },
  };
}

const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: 40 }, (_, i) => i + 1);

describe('random tables come back from DuckDB (SEED=n repeats one)', () => {
  it.each(seeds)('seed %i', async (seed) => {
    const random = randomOf(seed);
    const columns = Array.from({ length: 1 + integer(random, 4) }, () => ({
      kind: kindOf(random, 3),
      nulls: random() < 0.3 ? 0 : random() ** 2,
    }));
    const batches = Array.from({ length: 1 + integer(random, 3) }, () => {
      const rows = integer(random, 700);
      const runs = 1 + integer(random, 20);
      return columns.map(({ kind, nulls }) => {
        let last: [unknown, unknown] = same(null);
        return Array.from({ length: rows }, (_, i) => {
          if (i % runs === 0) last = random() < nulls ? same(null) : kind.make(random);
          return last;
        });
      });
    });
    const arrow = batches.map((batch) =>
      batchOf(
        Object.fromEntries(columns.map(({ kind }, c) => [`c${c}`, [kind.type, batch[c]!.map(([v]) => v)] as const])),
      ),
    );
    const sliced = arrow.flatMap((batch) => {
      const at = integer(random, batch.numRows + 1);
      return [batch.slice(0, at), batch.slice(at)];
    });
    const [file] = encode(sliced, { rowGroupRowsMax: 1 + integer(random, 900) });
    const expected = batches.flatMap((batch) =>
      (batch[0] ?? []).map((_, row) => batch.map((column) => column[row]![1])),
    );
    if (expected.length === 0) expect(file).toBeUndefined();
    else expect(await reader.query(file!.bytes)).toEqual(expected);
  });
});
