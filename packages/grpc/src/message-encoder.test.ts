import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { type Serialized, serializedBytes, writeMessage } from './message-encoder.ts';
import { frame } from './test-server.ts';

const large = Buffer.alloc(100_000, 'large');
const cases: [string, Serialized, Buffer][] = [
  ['bytes', Buffer.from('one'), Buffer.from('one')],
  ['nothing', new Uint8Array(0), Buffer.alloc(0)],
  ['no parts', [], Buffer.alloc(0)],
  ['parts', [Buffer.from('one'), new Uint8Array(0), Buffer.from('two')], Buffer.from('onetwo')],
  ['many bytes', new Uint8Array(large), large],
  [
    'large parts',
    [Buffer.from('head'), large, new Uint8Array(0), large],
    Buffer.concat([Buffer.from('head'), large, large]),
  ],
];

describe('writeMessage', () => {
  it.each(cases)('writes %s', (_name, message, body) => {
    for (const flag of [0, 1]) {
      const stream = new PassThrough({ highWaterMark: 1 << 20 });
      expect(serializedBytes(message)).toBe(body.length);
      writeMessage(stream, message, serializedBytes(message), flag === 1);
      expect(Buffer.compare(stream.read(), frame(body, flag))).toBe(0);
    }
  });

  it('writes large parts without copying them', () => {
    const written: Uint8Array[] = [];
    const stream = new PassThrough({ writableHighWaterMark: 1 << 20 });
    stream.write = ((chunk: Uint8Array) => written.push(chunk) > 0) as typeof stream.write;
    writeMessage(stream, [large, large], 200_000, false);
    expect(written[1]).toBe(large);
    expect(written[2]).toBe(large);
  });
});
