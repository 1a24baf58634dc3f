import { mutate, type Random } from './mutate.ts';
import { bufferRegions, joinStream, numberPositions, type StreamMessage } from './stream-messages.ts';

const small = [-8, -4, -2, -1, 1, 2, 4, 8] as const;
const words = [0, 1, 2, 7, 8, 15, 127, 128, 255, 256, 32_767, 65_535, 2 ** 24, 2 ** 31 - 1, -1, -2, -(2 ** 31)];
const longs = [
  0n,
  1n,
  -1n,
  -2n,
  7n,
  8n,
  9n,
  255n,
  1n << 20n,
  1n << 31n,
  (1n << 31n) - 1n,
  1n << 32n,
  1n << 53n,
  (1n << 63n) - 1n,
];

const pick = <T>(random: Random, items: readonly T[]): T => items[random(items.length)]!;

/** A mutated copy of some messages: of bytes, of fields, of whole messages; `other` lends what is spliced in. */
export function mutateStream(
  messages: readonly StreamMessage[],
  other: readonly StreamMessage[],
  random: Random,
): Uint8Array {
  if (random(5) === 0) return mutate(joinStream(messages), random);
  const changed = mutateMessages(messages, other, random);
  const bytes = joinStream(changed);
  return random(12) === 0 ? bytes.slice(0, random(bytes.length + 1)) : bytes;
}

/** The same, as messages for another envelope. */
export function mutateMessages(
  messages: readonly StreamMessage[],
  other: readonly StreamMessage[],
  random: Random,
): StreamMessage[] {
  const changed = messages.map(({ header, body }) => ({ header: header.slice(), body: body.slice() }));
  for (let changes = random(3) === 0 ? 1 + random(4) : 1; changes > 0 && changed.length > 0; changes--) {
    const at = random(changed.length);
    const message = changed[at]!;
    const theirs = pick(random, other);
    switch (random(9)) {
      case 0:
      case 1:
        changeWord(message.header, random);
        break;
      case 2:
      case 3:
        changeNumber(message.header, random);
        break;
      case 4:
      case 5:
        changeBuffer(message, random);
        break;
      case 6:
        if (message.body.length > 0) message.body = mutate(message.body, random);
        break;
      case 7:
        if (random(2) === 0) message.header = theirs.header.slice();
        else message.body = theirs.body.slice();
        break;
      default:
        reorder(changed, at, { header: theirs.header.slice(), body: theirs.body.slice() }, random);
    }
  }
  return changed;
}

/** Flatbuffers are made of words: offsets, lengths, vtables. One becomes another, or points a little further. */
function changeWord(header: Uint8Array, random: Random): void {
  if (header.length < 8) return;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const at = random(header.length >> 2) * 4;
  switch (random(4)) {
    case 0:
      view.setInt32(at, view.getInt32(at, true) + pick(random, small), true);
      break;
    case 1:
      view.setInt32(at, pick(random, words), true);
      break;
    case 2:
      view.setInt32(at, view.getInt32(random(header.length >> 2) * 4, true), true);
      break;
    default:
      view.setUint16(at + random(2) * 2, random(2) === 0 ? random(64) : pick(random, words) & 0xffff, true);
  }
}

/** Row counts, null counts, offsets and lengths of buffers. */
function changeNumber(header: Uint8Array, random: Random): void {
  const positions = readable(() => numberPositions(header));
  if (positions.length === 0) {
    changeWord(header, random);
    return;
  }
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const at = pick(random, positions);
  const before = view.getBigInt64(at, true);
  view.setBigInt64(at, random(2) === 0 ? before + BigInt(pick(random, small)) : pick(random, longs), true);
}

/** Inside of a buffer: offsets, views, indices, type ids; or the uncompressed length before it. */
function changeBuffer({ header, body }: StreamMessage, random: Random): void {
  const regions = readable(() => bufferRegions(header)).filter(
    ({ offset, length }) => length >= 4 && offset + length <= body.length,
  );
  if (regions.length === 0) return;
  const { offset, length } = pick(random, regions);
  const view = new DataView(body.buffer, body.byteOffset + offset, length);
  const at = random(3) === 0 ? 0 : random(length >> 2) * 4;
  if (at + 8 <= length && random(3) === 0) view.setBigInt64(at, pick(random, longs), true);
  else if (random(2) === 0) view.setInt32(at, view.getInt32(at, true) + pick(random, small), true);
  else view.setInt32(at, pick(random, words), true);
}

function reorder(messages: StreamMessage[], at: number, other: StreamMessage, random: Random): void {
  switch (random(4)) {
    case 0:
      messages.splice(at, 1);
      break;
    case 1:
      messages.splice(random(messages.length + 1), 0, {
        header: messages[at]!.header.slice(),
        body: messages[at]!.body.slice(),
      });
      break;
    case 2:
      messages.push(...messages.splice(at, 1));
      break;
    default:
      messages.splice(at, 0, other);
  }
}

/** A header may be broken already. */
function readable<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch {
    return [];
  }
}
