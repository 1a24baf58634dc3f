import { expect, it } from '@jest/globals';
import { goldenStreams, goldenWriters } from '../testing/golden-streams.ts';
import { mutate, randomFrom } from '../testing/mutate.ts';
import { IpcError } from './ipc-error.ts';
import { decodeIpcStream, encodeIpcStream } from './ipc-stream.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000);
const ROUNDS = Number(process.env.ROUNDS ?? 4000);

it(`mutated streams are decoded or refused, and what was decoded can be encoded (SEED=${seed})`, () => {
  const random = randomFrom(seed);
  const streams = goldenWriters
    .flatMap(goldenStreams)
    .filter(({ stream }) => stream.length < 10_000)
    .map(({ stream }) => new Uint8Array(Buffer.from(stream, 'base64')));
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = mutate(streams[random(streams.length)]!, random);
    try {
      const stream = decodeIpcStream(bytes, { rowsMax: 100_000, decompressedBytesMax: 1 << 20 });
      for (const batch of stream.batches)
        for (const column of batch.data.children) expect(column.length).toBe(batch.numRows);
      decodeIpcStream(Buffer.concat(encodeIpcStream(stream)));
    } catch (error) {
      if (!(error instanceof IpcError)) throw new Error(`round ${round} of SEED=${seed}`, { cause: error });
    }
  }
});
