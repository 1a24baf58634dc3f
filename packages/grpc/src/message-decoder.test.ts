import { describe, expect, it } from '@jest/globals';
import { GrpcError } from './grpc-error.ts';
import { MessageDecoder } from './message-decoder.ts';
import { Status } from './status.ts';
import { frame } from './test-server.ts';

function decode(
  chunks: readonly Buffer[],
  bytesMax = 1 << 30,
): { messages: [string, boolean][]; partialBytes: number } {
  const messages: [string, boolean][] = [];
  const decoder = new MessageDecoder(bytesMax, (body, compressed) =>
    messages.push([body.toString('latin1'), compressed]),
  );
  for (const chunk of chunks) decoder.push(chunk);
  return { messages, partialBytes: decoder.partialBytes };
}

describe('MessageDecoder', () => {
  const stream = Buffer.concat([frame('first'), frame(''), frame('compressed', 1), frame('x'.repeat(300))]);
  const messages = [
    ['first', false],
    ['', false],
    ['compressed', true],
    ['x'.repeat(300), false],
  ];

  it('cuts several messages out of one chunk', () => {
    expect(decode([stream])).toEqual({ messages, partialBytes: 0 });
  });

  it('puts messages together again, wherever the stream is cut', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(decode([stream.subarray(0, cut), stream.subarray(cut)])).toEqual({ messages, partialBytes: 0 });
    }
  });

  it.each([1, 2, 3, 5, 7])('takes chunks of %i bytes', (size) => {
    const chunks = [];
    for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
    expect(decode(chunks)).toEqual({ messages, partialBytes: 0 });
  });

  it('says how much of a message it holds', () => {
    for (let cut = 1; cut < frame('first').length; cut++)
      expect(decode([stream.subarray(0, cut)]).partialBytes).toBe(cut);
  });

  it('leaves room before a message that is put together, as much as is asked for', () => {
    const message = 'head'.padEnd(300_000, 'x');
    const wire = frame(message);
    for (const padding of [0, 3, 7]) {
      const offsets: number[] = [];
      const onMessage = (body: Buffer) => {
        expect(body.toString('latin1')).toBe(message);
        offsets.push(body.byteOffset);
      };
      const decoder = new MessageDecoder(1 << 30, onMessage, (head) => (head[0] === 104 /* h */ ? padding : 100));
      for (let at = 0; at < wire.length; at += 1000) decoder.push(wire.subarray(at, at + 1000));
      expect(offsets).toEqual([padding]);
    }
  });

  it('hands over a view where a message lies within one chunk', () => {
    const chunk = Buffer.from(new Uint8Array(frame('view'.repeat(100))).buffer);
    let body: Buffer = Buffer.alloc(0);
    new MessageDecoder(1000, (received) => {
      body = received;
    }).push(chunk);
    expect(body.buffer).toBe(chunk.buffer);
    expect(body.byteOffset).toBe(chunk.byteOffset + 5);
  });

  it('copies where a view would keep much more memory than its own', () => {
    const slab = Buffer.alloc(64 << 10);
    frame('tiny').copy(slab, 1000);
    let body: Buffer = Buffer.alloc(0);
    new MessageDecoder(100, (received) => {
      body = received;
    }).push(slab.subarray(1000, 1009));
    expect(body.toString()).toBe('tiny');
    expect(body.buffer).not.toBe(slab.buffer);
  });

  it('holds little for a message that comes byte by byte', () => {
    const decoder = new MessageDecoder(1 << 20, () => {});
    decoder.push(frame(Buffer.alloc(1 << 20)).subarray(0, 5));
    const before = process.memoryUsage();
    for (let i = 0; i < 500_000; i++) decoder.push(Buffer.of(1));
    const after = process.memoryUsage();
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(60 << 20);
  });

  it('puts pieces of every size together in order', () => {
    const body = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * 7) % 251));
    const whole = frame(body);
    let received: Buffer = Buffer.alloc(0);
    const decoder = new MessageDecoder(1 << 20, (complete) => {
      received = complete;
    });
    for (let at = 0, size = 1; at < whole.length; at += size, size = (size * 37) % 9001)
      decoder.push(Buffer.from(whole.subarray(at, at + size)));
    expect(received.equals(body)).toBe(true);
  });

  it('grows for messages of several mebibytes', () => {
    const large = Buffer.alloc(40 << 20, 'abcdefg');
    const whole = frame(large);
    let received: Buffer = Buffer.alloc(0);
    const decoder = new MessageDecoder(large.length, (body) => {
      received = body;
    });
    for (let at = 0; at < whole.length; at += 65_521) decoder.push(whole.subarray(at, at + 65_521));
    expect(received.equals(large)).toBe(true);
  });

  it('takes a message as large as the limit, and refuses one more byte before its body comes', () => {
    expect(decode([frame('12345')], 5).messages).toHaveLength(1);
    const refused = thrownBy(() => decode([frame('123456').subarray(0, 5)], 5));
    expect(refused).toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
    expect(refused.details).toContain('receiveMessageBytesMax');
  });

  it('takes memory for what arrived, not for what was claimed', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 50 }, () => new MessageDecoder(2 ** 32, () => {}));
    for (const decoder of decoders) decoder.push(Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60 << 20);
  });

  it.each([2, 3, 0x47, 0xff])('refuses the flag %i', (flag) => {
    expect(thrownBy(() => decode([frame('x', flag)]))).toMatchObject({ code: Status.INTERNAL });
  });
});

function thrownBy(action: () => unknown): GrpcError {
  try {
    action();
  } catch (error) {
    if (error instanceof GrpcError) return error;
  }
  throw new Error('No GrpcError was thrown');
}
