import { it } from '@jest/globals';
import { randomFrom } from '../testing/mutate.ts';
import { mutateStream } from '../testing/mutate-stream.ts';
import { streamCorpus } from '../testing/stream-corpus.ts';
import { tryStream } from '../testing/try-stream.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000);
const ROUNDS = Number(process.env.ROUNDS ?? 4000);

it(`mutated streams are decoded or refused, and what was decoded can be encoded (SEED=${seed})`, () => {
  const random = randomFrom(seed);
  const corpus = streamCorpus(random, 100);
  const any = () => corpus[random(corpus.length)]!;
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = mutateStream(any(), any(), random);
    try {
      tryStream(bytes);
    } catch (error) {
      throw new Error(`round ${round} of SEED=${seed}`, { cause: error });
    }
  }
});
