import { describe, expect, it } from '@jest/globals';
import { AvroError } from './avro-error.ts';
import { avroType, readAvroFile, writeAvroFile } from './avro-file.ts';
import type { DataFile, ManifestEntry } from './data-file.ts';
import { readManifest, writeManifest } from './manifest.ts';
import { describeManifest, readManifestList, writeManifestList } from './manifest-list.ts';
import { partitionColumns } from './partition-spec.ts';
import { deserializeValue, type Value } from './single-value.ts';
import { currentSchema, defaultSpec, parseTableMetadata } from './table-metadata.ts';
import { type GoldenValue, golden, goldenValue } from './testing/golden.ts';
import { createRandom } from './testing/random.ts';

interface ExpectedManifest {
  readonly path: string;
  readonly sequence: number;
  readonly counts: readonly number[];
  readonly entries: readonly {
    readonly status: number;
    readonly snapshot: { readonly bigint: string };
    readonly sequence: number;
    readonly path: string;
    readonly rows: number;
    readonly partition: readonly GoldenValue[];
    readonly nulls: Record<string, number>;
    readonly nans: Record<string, number>;
    readonly lower: Record<string, string>;
    readonly upper: Record<string, string>;
  }[];
}

const expected = JSON.parse(golden('expected.json').toString()) as ExpectedManifest[];
const metadata = parseTableMetadata(golden('table.metadata.json').toString());
const [schema, spec] = [currentSchema(metadata), defaultSpec(metadata)];
const columns = partitionColumns(spec, schema);
const hexMap = (map: ReadonlyMap<number, Uint8Array> | undefined) =>
  Object.fromEntries(Array.from(map ?? [], ([id, bytes]) => [id, Buffer.from(bytes).toString('hex')]));

describe('what PyIceberg wrote', () => {
  it('is read: the manifest list', async () => {
    const manifests = await readManifestList(golden('manifest-list.avro'));
    const seen = manifests.map((manifest) => ({
      path: manifest['manifest-path'],
      sequence: manifest['sequence-number'],
      counts: [manifest['added-files-count'], manifest['existing-files-count'], manifest['deleted-files-count']],
    }));
    expect(seen).toEqual(expected.map(({ path, sequence, counts }) => ({ path, sequence, counts })));
    manifests.forEach((manifest, i) => {
      const tuples = expected[i]!.entries.map((entry) => entry.partition);
      columns.forEach(({ type }, part) => {
        const values = tuples.map((tuple) => tuple[part]!).filter((value) => value !== null);
        const summary = manifest.partitions![part]!;
        expect(summary['contains-null']).toBe(values.length < tuples.length);
        if (values.length !== 1) return;
        expect(deserializeValue(type, summary['lower-bound']!)).toEqual(goldenValue(type, values[0]!));
        expect(deserializeValue(type, summary['upper-bound']!)).toEqual(goldenValue(type, values[0]!));
      });
    });
  });

  it.each(expected.map((manifest, i) => [i, manifest] as const))('is read: manifest %d', async (i, manifest) => {
    const entries = await readManifest(golden(`manifest-${i}.avro`), spec, schema);
    const seen = entries.map((entry) => ({
      status: ['existing', 'added', 'deleted'].indexOf(entry.status),
      snapshot: BigInt(entry['snapshot-id']!),
      sequence: entry['sequence-number'] ?? manifest.sequence,
      path: entry.file['file-path'],
      rows: entry.file['record-count'],
      partition: entry.file.partition,
      nulls: Object.fromEntries(entry.file['null-value-counts']!),
      nans: Object.fromEntries(entry.file['nan-value-counts'] ?? []),
      lower: hexMap(entry.file['lower-bounds']),
      upper: hexMap(entry.file['upper-bounds']),
    }));
    const wanted = manifest.entries.map((entry) => ({
      ...entry,
      snapshot: BigInt(entry.snapshot.bigint),
      partition: entry.partition.map((value, part) => goldenValue(columns[part]!.type, value)),
    }));
    expect(seen).toEqual(wanted);
  });

  it('is written with the same Avro schema', async () => {
    const theirs = await readAvroFile(golden('manifest-0.avro'));
    const ours = await readAvroFile(await writeManifest({ schema, spec, entries: [] }));
    expect(fieldsById(ours.schema)).toMatchObject(fieldsById(theirs.schema));
    for (const key of ['partition-spec-id', 'format-version', 'content', 'schema-id']) {
      const value = (file: typeof ours) => file.metadata.get(key)?.toString();
      expect([key, value(ours)]).toEqual([key, value(theirs) ?? '0']);
    }
    const theirList = await readAvroFile(golden('manifest-list.avro'));
    const ourList = await readAvroFile(await writeManifestList({ snapshotId: 1, sequenceNumber: 1, manifests: [] }));
    const { 519: _keyMetadata, ...fields } = fieldsById(ourList.schema);
    expect(fieldsById(theirList.schema)).toMatchObject(fields);
  });
});

/** Field ids with name and whether they are optional, wherever they stand in an Avro schema. */
function fieldsById(schema: unknown, found: Record<string, unknown> = {}): Record<string, unknown> {
  if (schema === null || typeof schema !== 'object') return found;
  const { 'field-id': id, name, type } = schema as Record<string, unknown>;
  // Only our own names partition fields as Java does where Avro has no such name; the element of equality-ids is an int there.
  if (typeof id === 'number' && id < 1000) found[id] = { name, optional: Array.isArray(type) };
  for (const part of Object.values(schema)) fieldsById(part, found);
  return found;
}

function randomEntry(seed: number): ManifestEntry {
  const random = createRandom(seed);
  const bound = () =>
    new Map(Array.from({ length: random.int(5) }, (_, i) => [i + 1, Buffer.from(random.bytes(random.int(6)))]));
  const counts = () => new Map(Array.from({ length: random.int(5) }, (_, i) => [i + 1, random.int(2 ** 40)]));
  const value = (type: string): Value | null => {
    if (random.int(4) === 0) return null;
    if (type === 'boolean') return random.int(2) === 1;
    if (type === 'int' || type === 'date') return Number(random.bigint(32));
    return type.startsWith('decimal') ? random.bigint(30) : random.bigint(64);
  };
  const file: DataFile = {
    content: 'data',
    'file-path': random.text(30),
    'file-format': 'PARQUET',
    'spec-id': 0,
    partition: columns.map(({ type }) => value(type)),
    'record-count': random.int(2 ** 40),
    'file-size-in-bytes': random.int(2 ** 50),
    'column-sizes': counts(),
    'value-counts': counts(),
    'null-value-counts': counts(),
    'nan-value-counts': counts(),
    'lower-bounds': bound(),
    'upper-bounds': bound(),
    'split-offsets': [4, random.int(2 ** 50)],
    'sort-order-id': random.int(3),
  };
  const snapshot = random.bigint(63);
  const id = snapshot > 2n ** 53n || snapshot < -(2n ** 53n) ? snapshot : Number(snapshot);
  const added = random.int(2) === 0;
  return {
    status: added ? 'added' : 'existing',
    'snapshot-id': id,
    'sequence-number': added ? null : random.int(1000),
    'file-sequence-number': added ? null : random.int(1000),
    file,
  };
}

describe('manifests', () => {
  it.each(['deflate', 'null'] as const)('are given back, with codec %s', async (codec) => {
    const entries = Array.from({ length: 250 }, (_, i) => randomEntry(i));
    const bytes = await writeManifest({ schema, spec, entries, codec });
    expect(await readManifest(bytes, spec, schema)).toEqual(entries);
  });

  it('are equal bytes for equal contents', async () => {
    const write = () => writeManifest({ schema, spec, entries: [randomEntry(1)], sync: Buffer.alloc(16, 7) });
    expect(await write()).toEqual(await write());
  });

  it('refuse files whose partition is not one of the spec', async () => {
    const entry = randomEntry(1);
    const entries = [{ ...entry, file: { ...entry.file, partition: [1] } }];
    await expect(writeManifest({ schema, spec, entries })).rejects.toThrow('1 partition values, the spec has 8');
  });

  it('end in an error, and soon, wherever they are cut or changed', async () => {
    const bytes = await writeManifest({ schema, spec, entries: [randomEntry(3), randomEntry(4)] });
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      const result = await readManifest(cut, spec, schema).catch((error) => error);
      // A file may end behind its header: that is an empty manifest.
      if (!(result instanceof AvroError)) expect(result).toEqual([]);
    }
    const random = createRandom(5);
    for (let i = 0; i < 500; i++) {
      const changed = Uint8Array.from(bytes);
      changed[random.int(bytes.length)]! ^= 1 << random.int(8);
      const result = await readManifest(changed, spec, schema).catch((error) => error);
      expect(Array.isArray(result) || result instanceof AvroError).toBe(true);
    }
  });
});

describe('Avro files', () => {
  const type = avroType({ type: 'record', name: 'r', fields: [{ name: 'n', type: 'long' }] });
  const write = (records: unknown[]) =>
    writeAvroFile({
      schema: { type: 'record', name: 'r', fields: [{ name: 'n', type: 'long' }] },
      type,
      metadata: {},
      records,
    });

  it('hold 64-bit integers', async () => {
    const numbers = [0, -1, 2 ** 53 - 1, 2n ** 53n, -(2n ** 63n), 2n ** 63n - 1n];
    const { records } = await readAvroFile(await write(numbers.map((n) => ({ n }))));
    expect(records.map((record) => (record as { n: unknown }).n)).toEqual(numbers);
  });

  it('may be empty, or of many blocks', async () => {
    expect((await readAvroFile(await write([]))).records).toEqual([]);
    const many = Array.from({ length: 12_345 }, (_, n) => ({ n }));
    expect((await readAvroFile(await write(many))).records).toHaveLength(12_345);
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'no magic'],
    ['Parquet', Buffer.from('PAR1....'), 'no magic'],
    ['a header that ends', Buffer.from('Obj\x01\x02'), 'items in 0 bytes'],
    [
      'a header without a schema',
      Buffer.concat([Buffer.from('Obj\x01\x00'), Buffer.alloc(16)]),
      'a schema that is none',
    ],
  ])('refuse %s', async (_what, bytes, message) => {
    await expect(readAvroFile(bytes)).rejects.toThrow(message);
  });
});

describe('describeManifest', () => {
  it('sums up files and partitions', () => {
    const column = { id: 1000, name: 'time_hour', type: 'int' };
    const entry = (
      status: ManifestEntry['status'],
      rows: number,
      hour: number | null,
      sequence: number | null,
    ): ManifestEntry => ({
      status,
      'snapshot-id': 1,
      'sequence-number': sequence,
      'file-sequence-number': sequence,
      file: {
        content: 'data',
        'file-path': 'x',
        'file-format': 'PARQUET',
        'spec-id': 0,
        partition: [hour],
        'record-count': rows,
        'file-size-in-bytes': 1,
      },
    });
    const entries = [
      entry('added', 1, -3, null),
      entry('existing', 10, 5, 7),
      entry('existing', 20, null, 4),
      entry('deleted', 100, 9, 6),
    ];
    expect(describeManifest({ path: 'p', length: 5, specId: 0, snapshotId: 9, partition: [column], entries })).toEqual({
      'manifest-path': 'p',
      'manifest-length': 5,
      'partition-spec-id': 0,
      content: 'data',
      'sequence-number': -1,
      'min-sequence-number': 4,
      'added-snapshot-id': 9,
      'added-files-count': 1,
      'existing-files-count': 2,
      'deleted-files-count': 1,
      'added-rows-count': 1,
      'existing-rows-count': 30,
      'deleted-rows-count': 100,
      partitions: [
        {
          'contains-null': true,
          'contains-nan': false,
          'lower-bound': Buffer.from('fdffffff', 'hex'),
          'upper-bound': Buffer.from('09000000', 'hex'),
        },
      ],
    });
  });
});
