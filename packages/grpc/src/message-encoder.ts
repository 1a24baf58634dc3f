import type { Writable } from 'node:stream';

// Below this, one copy is cheaper than a write of several parts.
const joinBytesMax = 16 << 10;

/** What a serializer gives: one message, whole or in parts that are written one after another without being joined. */
export type Serialized = Uint8Array | readonly Uint8Array[];

/** Bytes of a serialized message. */
export function serializedBytes(message: Serialized): number {
  if (message instanceof Uint8Array) return message.byteLength;
  let bytes = 0;
  for (const part of message) bytes += part.byteLength;
  return bytes;
}

/** Writes a message with its prefix; what it is made of must not change until it is sent, of which `onSent` is told. */
export function writeMessage(
  stream: Writable,
  message: Serialized,
  bytes: number,
  compressed: boolean,
  onSent?: () => void,
): void {
  if (bytes <= joinBytesMax) {
    stream.write(joined(message, bytes, compressed), onSent);
    return;
  }
  stream.cork();
  stream.write(prefix(Buffer.allocUnsafe(5), bytes, compressed));
  if (message instanceof Uint8Array) stream.write(message, onSent);
  else {
    const parts = message.filter((part) => part.byteLength > 0);
    parts.forEach((part, i) => {
      stream.write(part, i === parts.length - 1 ? onSent : undefined);
    });
  }
  stream.uncork();
}

/** A message with its prefix, in one buffer. */
export function joined(message: Serialized, bytes: number, compressed: boolean): Buffer {
  const whole = prefix(Buffer.allocUnsafe(5 + bytes), bytes, compressed);
  if (message instanceof Uint8Array) {
    whole.set(message, 5);
    return whole;
  }
  let at = 5;
  for (const part of message) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function prefix(target: Buffer, bytes: number, compressed: boolean): Buffer {
  target[0] = compressed ? 1 : 0;
  target.writeUInt32BE(bytes, 1);
  return target;
}
