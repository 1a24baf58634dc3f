import { FlightDataEncoder } from '@signaldb/flight';
import { mutate, type Random, randomFrom } from '../../../packages/flight/src/testing/mutate.ts';
import { mutateMessages, mutateStream } from '../../../packages/flight/src/testing/mutate-stream.ts';
import { streamCorpus } from '../../../packages/flight/src/testing/stream-corpus.ts';
import type { StreamMessage } from '../../../packages/flight/src/testing/stream-messages.ts';
import { encodeFlightData } from '../../../packages/flight/src/wire/flight-data.ts';

/** What is tried: an IPC stream, FlightData messages, or either of them sent to the live server. */
export type FuzzCase =
  | { readonly kind: 'stream'; readonly bytes: Uint8Array }
  | { readonly kind: 'messages' | 'call'; readonly messages: readonly Uint8Array[] }
  /** The request's body as it goes into HTTP/2: gRPC's length prefixes are mutated too. */
  | { readonly kind: 'frames'; readonly bytes: Uint8Array };

export const caseKinds = ['stream', 'messages', 'call', 'frames'] as const;

/** The cases of a seed; each can be made alone. */
export class CaseMaker {
  readonly #seed: number;
  readonly #corpus: StreamMessage[][];

  constructor(seed: number) {
    this.#seed = seed;
    this.#corpus = streamCorpus(randomFrom(seed), 200);
  }

  make(index: number): FuzzCase {
    const random = randomFrom(Math.imul(this.#seed ^ 0x5bd1_e995, 31) + Math.imul(index + 1, 0x9e37_79b1));
    const any = () => this.#corpus[random(this.#corpus.length)]!;
    const share = random(100);
    if (share < 75) return { kind: 'stream', bytes: mutateStream(any(), any(), random) };
    const messages = envelopes(mutateMessages(any(), any(), random), random);
    if (share < 90) return { kind: 'messages', messages };
    return share < 98 ? { kind: 'call', messages } : { kind: 'frames', bytes: frames(messages, random) };
  }
}

const descriptor = Buffer.concat(new FlightDataEncoder().encode({ descriptor: { path: ['fuzz'] } }).flat());

/** As FlightData messages, which are mutated themselves sometimes. */
function envelopes(messages: readonly StreamMessage[], random: Random): Uint8Array[] {
  const encoded = messages.map(({ header, body }) =>
    Buffer.concat(encodeFlightData({ header }, body.length > 0 ? [body] : [])),
  );
  const all = random(2) === 0 ? [descriptor, ...encoded] : encoded;
  return all.map((bytes) => (random(6) === 0 && bytes.length > 0 ? mutate(bytes, random) : bytes));
}

function frames(messages: readonly Uint8Array[], random: Random): Uint8Array {
  const bytes = Buffer.concat(
    messages.flatMap((message) => {
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(message.length, 1);
      return [prefix, message];
    }),
  );
  return bytes.length > 0 && random(2) === 0 ? mutate(bytes, random) : bytes;
}
