import assert from 'node:assert/strict';
import { encodeIpcStream } from '@signaldb/flight';
import type { DataType, Field, Schema } from 'apache-arrow';
import { checkForeignStream } from '../../../packages/flight/src/testing/foreign-stream.ts';
import { randomFrom } from '../../../packages/flight/src/testing/mutate.ts';
import { plainColumns } from '../../../packages/flight/src/testing/plain-values.ts';
import { RandomData } from '../../../packages/flight/src/testing/random-data.ts';
import { randomSchema } from '../../../packages/flight/src/testing/random-types.ts';
import type { SuiteContext } from '../suite.ts';
import type { Implementation } from './implementation.ts';

const randomStreams = 600;

/** What the implementation writes is decoded to its values or refused by its type's name. */
export async function checkWhatItWrites(implementation: Implementation, { log }: SuiteContext): Promise<void> {
  const streams = await implementation.write(true);
  for (const stream of streams) checkForeignStream(stream);
  const refused = streams.filter((stream) => stream.refused);
  log(
    `${streams.length} streams of ${implementation.name} decoded as meant, ${refused.length} of them refused by type`,
  );
}

/**
 * The implementation reads random streams of this package to the same values. `lacks` says which types the implementation
 * itself can't read; they aren't sent. The same streams each time, others with another `SEED`.
 */
export async function checkWhatItReads(
  implementation: Implementation,
  { log }: SuiteContext,
  lacks: (type: DataType) => boolean = () => false,
): Promise<void> {
  const seed = Number(process.env.SEED ?? 1);
  const random = randomFrom(seed);
  const sent = Array.from({ length: randomStreams }, () => {
    let schema: Schema;
    do schema = randomSchema(random);
    while (schema.fields.some((field) => holds(field, lacks)));
    const data = new RandomData(random, (['none', 'some', 'all'] as const)[random(3)]!);
    const batches = Array.from({ length: random(4) }, () => data.batch(schema, 20));
    const compression = ([undefined, 'lz4', 'zstd'] as const)[random(3)];
    const bytes = Buffer.concat(encodeIpcStream({ schema, batches }, { compression }));
    return { schema, bytes, columns: plainColumns(schema.fields.length, batches) };
  });
  const received = await implementation.read(sent.map(({ bytes }) => bytes.toString('base64')));
  sent.forEach(({ schema, columns }, i) => {
    const what = `stream ${i} of SEED=${seed} (${schema})`;
    const understood = received[i]!;
    assert.equal(understood.error, undefined, `${implementation.name} can't read ${what}: ${understood.error}`);
    if (understood.error !== undefined) return;
    assert.deepEqual(understood.columns, columns, `${implementation.name} reads other values of ${what}`);
    assert.deepEqual(understood.metadata ?? {}, Object.fromEntries(schema.metadata), `${what}: other metadata`);
  });
  log(`${sent.length} random streams of ours read by ${implementation.name} to the same values (SEED=${seed})`);
}

/** Whether the field's type, or one inside it, is such a type. */
function holds({ type }: Field, such: (type: DataType) => boolean): boolean {
  return such(type) || (type.children ?? []).some((child: Field) => holds(child, such));
}
