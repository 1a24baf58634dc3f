import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

const PREFIX = 'type.googleapis.com/arrow.flight.protocol.sql.';

/** A google.protobuf.Any of one of Flight SQL's messages. */
export interface SqlAny {
  /** The message's name without its package: `CommandStatementQuery`. */
  readonly name: string;
  readonly value: Uint8Array;
}

export function packAny({ name, value }: SqlAny): Uint8Array {
  return new BinaryWriter()
    .uint32(10)
    .string(PREFIX + name)
    .uint32(18)
    .bytes(value)
    .finish();
}

/** Undefined where the bytes aren't an Any of a Flight SQL message: then they are somebody else's. Never throws. */
export function unpackAny(bytes: Uint8Array): SqlAny | undefined {
  let url = '';
  let value: Uint8Array = new Uint8Array(0);
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 10) url = reader.string();
      else if (tag === 18) value = reader.bytes();
      else reader.skip(tag & 7);
    }
  } catch {
    return undefined;
  }
  return url.startsWith(PREFIX) ? { name: url.slice(PREFIX.length), value } : undefined;
}
