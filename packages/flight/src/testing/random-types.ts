import {
  Binary,
  BinaryView,
  Bool,
  type DataType,
  Date_,
  Decimal,
  Dictionary,
  Duration,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float,
  Int,
  Interval,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  Map_,
  Null,
  Schema,
  Struct,
  Time,
  Timestamp,
  Union,
  Utf8,
  Utf8View,
} from 'apache-arrow';
import type { Random } from './mutate.ts';

const zones = [null, 'UTC', 'Europe/Berlin', '+05:30'];
const bitWidths = [8, 16, 32, 64] as const;
const decimals = [
  [32, 9],
  [64, 18],
  [128, 38],
  [256, 76],
] as const;

/** Every type without children that apache-arrow can hold. */
export const leafTypes: readonly DataType[] = [
  new Null(),
  new Bool(),
  ...bitWidths.flatMap((width) => [new Int(true, width), new Int(false, width)]),
  ...[0, 1, 2].map((precision) => new Float(precision)),
  ...decimals.map(([width, precision]) => new Decimal(2, precision, width)),
  ...[new Utf8(), new LargeUtf8(), new Utf8View(), new Binary(), new LargeBinary(), new BinaryView()],
  ...[new FixedSizeBinary(3), new FixedSizeBinary(16)],
  ...[new Date_(0), new Date_(1)],
  ...[new Time(0, 32), new Time(1, 32), new Time(2, 64), new Time(3, 64)],
  ...[0, 1, 2, 3].flatMap((unit) => zones.map((zone) => new Timestamp(unit, zone))),
  ...[0, 1, 2, 3].map((unit) => new Duration(unit)),
  ...[0, 1, 2].map((unit) => new Interval(unit)),
] as const;

const pick = <T>(random: Random, items: readonly T[]): T => items[random(items.length)]!;

export function randomSchema(random: Random): Schema {
  const names = ['a', 'b', 'a', 'zé', ''];
  const fields = Array.from({ length: random(8) === 0 ? 0 : 1 + random(4) }, () => {
    const metadata = random(4) === 0 ? new Map([['k', pick(random, names)]]) : null;
    return new Field(pick(random, names), randomType(random, 3), true, metadata);
  });
  return new Schema(fields, random(2) === 0 ? new Map([['of the schema', 'ü']]) : null);
}

/** Any type, nested at most `depth` levels. */
export function randomType(random: Random, depth: number): DataType {
  if (depth === 0 || random(2) === 0) return pick(random, leafTypes);
  const item = (name = 'item') => new Field(name, randomType(random, depth - 1), true);
  switch (random(8)) {
    case 0:
      return new List(item());
    case 1:
      return new LargeList(item());
    case 2:
      return new FixedSizeList(random(4), item());
    case 3: {
      const entries = new Struct([new Field('key', pick(random, [new Utf8(), new Int(true, 32)]), false), item()]);
      return new Map_(new Field('entries', entries, false) as never, random(2) === 0);
    }
    case 4:
      return new Struct(Array.from({ length: random(4) }, (_, i) => item(`x${i >> 1}`)));
    case 5:
    case 6: {
      const members = Array.from({ length: 1 + random(3) }, (_, i) => item(`m${i}`));
      // The ids need not be the members' places.
      return new Union(
        random(2),
        members.map((_, i) => 5 * i + 1),
        members,
      );
    }
    default:
      return new Dictionary(
        dictionaryValues(random, depth),
        new Int(random(2) === 0, pick(random, bitWidths)) as never,
      );
  }
}

/** Of what other implementations can look up: no nulls alone, no unions. */
function dictionaryValues(random: Random, depth: number): DataType {
  const leaf = pick(random, [new Utf8(), new LargeUtf8(), new Binary(), new Int(true, 64), new Float(2), new Date_(0)]);
  return depth > 1 && random(4) === 0 ? new List(new Field('item', leaf, true)) : leaf;
}
