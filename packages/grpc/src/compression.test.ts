import zlib from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { chooseEncoding, compress, Decompressor, parseEncoding } from './compression.ts';
import { Status } from './status.ts';

describe('encodings', () => {
  it.each([
    [undefined, undefined],
    ['identity', undefined],
    ['gzip', 'gzip'],
    ['deflate', 'deflate'],
  ])('%j is read as %j', (header, encoding) => expect(parseEncoding(header)).toBe(encoding));

  it.each(['snappy', 'GZIP', 'gzip, deflate', ''])('%j is not', (header) => {
    expect(() => parseEncoding(header)).toThrow(expect.objectContaining({ code: Status.UNIMPLEMENTED }));
  });

  it.each([
    [undefined, undefined],
    ['identity', undefined],
    ['identity,deflate,gzip', 'gzip'],
    ['identity, deflate', 'deflate'],
    ['br', undefined],
  ])('of %j %j is chosen', (accepted, encoding) => expect(chooseEncoding(accepted)).toBe(encoding));
});

describe('Decompressor', () => {
  const text = Buffer.from('compressible '.repeat(10_000));
  const noise = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 251));

  it.each(['gzip', 'deflate'] as const)('gives back what %s made of it', async (encoding) => {
    for (const message of [Buffer.alloc(0), text, noise]) {
      expect(
        (await new Decompressor(message.length).decompress(await compress(message, encoding), encoding)).equals(
          message,
        ),
      ).toBe(true);
    }
  });

  it.each(['gzip', 'deflate'] as const)('holds %s to the limit, small messages and large', async (encoding) => {
    for (const message of [text, Buffer.concat(Array(200).fill(noise))]) {
      const packed = await compress(message, encoding);
      await expect(new Decompressor(message.length - 1).decompress(packed, encoding)).rejects.toMatchObject({
        code: Status.RESOURCE_EXHAUSTED,
      });
    }
  });

  it('refuses what is no gzip, and a part of it', async () => {
    const decompressor = new Decompressor(1 << 30);
    const packed = zlib.gzipSync(noise);
    for (const broken of [
      Buffer.alloc(0),
      Buffer.from('no gzip'),
      packed.subarray(0, -9),
      Buffer.alloc(10_000, 'no gzip'),
    ]) {
      await expect(decompressor.decompress(broken, 'gzip')).rejects.toMatchObject({ code: Status.INTERNAL });
    }
  });

  it('works on many at once', async () => {
    const decompressor = new Decompressor(1 << 30);
    const packed = zlib.gzipSync(Buffer.concat(Array.from({ length: 40 }, (_, i) => noise.subarray(i))), { level: 1 });
    expect(packed.length).toBeGreaterThan(4096);
    const all = await Promise.all(Array.from({ length: 30 }, () => decompressor.decompress(packed, 'gzip')));
    expect(new Set(all.map((message) => message.length)).size).toBe(1);
  });
});
