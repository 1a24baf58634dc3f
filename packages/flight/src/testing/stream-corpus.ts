import { encodeIpcStream } from '../ipc/ipc-stream.ts';
import { goldenStreams, goldenWriters } from './golden-streams.ts';
import type { Random } from './mutate.ts';
import { RandomData } from './random-data.ts';
import { randomSchema } from './random-types.ts';
import { type StreamMessage, splitStream } from './stream-messages.ts';

const STREAM_BYTES_MAX = 8000;

/** Well-formed streams to begin from: small ones of other implementations, and random ones of ours. */
export function streamCorpus(random: Random, randomStreams: number): StreamMessage[][] {
  const theirs = goldenWriters
    .flatMap(goldenStreams)
    .map(({ stream }) => new Uint8Array(Buffer.from(stream, 'base64')));
  const ours = Array.from({ length: randomStreams }, () => {
    const schema = randomSchema(random);
    const data = new RandomData(random, 'some');
    const batches = [data.batch(schema, 8), data.batch(schema, 8)];
    return Buffer.concat(
      encodeIpcStream({ schema, batches }, { compression: ([undefined, 'lz4', 'zstd'] as const)[random(3)] }),
    );
  });
  return [...theirs, ...ours].filter(({ length }) => length <= STREAM_BYTES_MAX).map(splitStream);
}
