import { describe, expect, it } from '@jest/globals';
import { FlightData } from '@signaldb/proto/arrow/flight/protocol/flight';
import { decodeFlightData, encodeFlightData, paddingForBody } from './flight-data.ts';
import { encodeDescriptor } from './messages.ts';

const bytes = (length: number, value = 7) => new Uint8Array(length).fill(value);

describe('FlightData', () => {
  it.each([0, 1, 100, 127, 128, 5000, 20_000, 3_000_000])(
    'with a body of %i bytes is what the generated code makes of it',
    (length) => {
      const body = bytes(length);
      const parts = encodeFlightData(
        { descriptor: encodeDescriptor({ path: ['p'] }), header: bytes(200, 1), appMetadata: bytes(130, 2) },
        [body],
      );
      const message = FlightData.decode(Buffer.concat(parts));
      expect(message.dataBody.length).toBe((length + 7) & ~7);
      expect(message.dataBody.subarray(0, length).equals(body)).toBe(true);
      expect(message.appMetadata.equals(bytes(130, 2))).toBe(true);
      expect(message.dataHeader.subarray(0, 200).equals(bytes(200, 1))).toBe(true);
      const frame = decodeFlightData(Buffer.concat(parts));
      expect(Buffer.from(frame.body ?? []).equals(message.dataBody)).toBe(true);
      expect(Buffer.from(frame.header!).equals(message.dataHeader)).toBe(true);
    },
  );

  it('gives large buffers as they are, and begins the body at a multiple of 8', () => {
    for (let header = 100; header < 140; header++) {
      const body = [bytes(5), bytes(100_000), bytes(3), bytes(70_001)];
      const parts = encodeFlightData({ header: bytes(header), appMetadata: bytes(header % 9) }, body);
      expect(parts).toContain(body[1]);
      expect(parts).toContain(body[3]);
      const whole = Uint8Array.from(Buffer.concat(parts));
      expect(decodeFlightData(whole).body!.byteOffset % 8).toBe(0);
      const shifted = Uint8Array.from(Buffer.concat(encodeFlightData({ header: bytes(header) }, body, 5)));
      expect((decodeFlightData(shifted).body!.byteOffset + 5) % 8).toBe(0);
    }
  });

  it('tells how to place it so that its body is aligned', () => {
    for (let header = 100; header < 140; header++) {
      const message = FlightData.fromPartial({
        dataHeader: Buffer.from(bytes(header)),
        dataBody: Buffer.from(bytes(1000)),
      });
      const wire = Uint8Array.from(FlightData.encode(message).finish());
      const padding = paddingForBody(wire.subarray(0, header + 10));
      expect((decodeFlightData(wire).body!.byteOffset + padding) % 8).toBe(0);
      for (let length = 0; length < header + 4; length++) expect(paddingForBody(wire.subarray(0, length))).toBe(0);
    }
  });

  it('is read in any order of fields, unknown ones passed over', () => {
    const wire = FlightData.encode(
      FlightData.fromPartial({ dataBody: Buffer.from('body'), dataHeader: Buffer.from('head') }),
    ).finish();
    const unknown = [0x20, 0x96, 0x01, 0x29, 1, 2, 3, 4, 5, 6, 7, 8, 0x32, 2, 9, 9, 0x3d, 1, 2, 3, 4];
    const frame = decodeFlightData(Buffer.concat([Buffer.from(unknown), wire, Buffer.from([0x1a, 1, 65])]));
    expect([frame.header, frame.body, frame.appMetadata].map((part) => String(Buffer.from(part!)))).toEqual([
      'head',
      'body',
      'A',
    ]);
  });

  const broken: [string, number[]][] = [
    ['cut in a tag', [0x80]],
    ['cut in a length', [0x12, 0x80]],
    ['longer than it is', [0x12, 5, 1]],
    ['of a length beyond everything', [0x12, 255, 255, 255, 255, 255, 255, 255, 255, 127]],
    ['of a number without an end', Array(12).fill(0x80)],
    ['of a group', [0x0b]],
    ['cut in a fixed number', [0x29, 1, 2]],
  ];
  it.each(broken)('%s is refused', (_, wire) => {
    expect(() => decodeFlightData(Uint8Array.from(wire))).toThrow('INVALID_ARGUMENT: a FlightData message');
  });
});
