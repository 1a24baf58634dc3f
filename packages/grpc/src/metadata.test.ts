import { describe, expect, it } from '@jest/globals';
import { Metadata } from './metadata.ts';

describe('Metadata', () => {
  it('finds keys whatever their case', () => {
    const metadata = new Metadata({ 'X-Scope-OrgID': 'a' });
    expect(metadata.get('x-scope-orgid')).toBe('a');
    expect(metadata.has('X-SCOPE-ORGID')).toBe(true);
    expect(metadata.delete('x-Scope-orgid')).toBe(true);
    expect(metadata.size).toBe(0);
  });

  it('keeps several values in order', () => {
    const metadata = new Metadata().set('k', '1').append('K', '2').append('other', '');
    expect(metadata.get('k')).toBe('1');
    expect(metadata.getAll('k')).toEqual(['1', '2']);
    expect([...metadata]).toEqual([
      ['k', '1'],
      ['k', '2'],
      ['other', ''],
    ]);
    expect(metadata.set('k', '3').getAll('k')).toEqual(['3']);
    expect(metadata.getAll('missing')).toEqual([]);
    expect(metadata.get('missing')).toBeUndefined();
  });

  it('holds bytes under -bin keys', () => {
    const bytes = Uint8Array.from([0, 1, 254, 255]);
    const metadata = new Metadata({ 'trace-bin': bytes });
    expect(Buffer.from(metadata.getBinary('trace-bin')!)).toEqual(Buffer.from(bytes));
    expect(metadata.get('trace-bin')).toBe('AAH+/w');
    expect([...metadata.entries()][0]![1]).toEqual(Buffer.from(bytes));
    expect(metadata.getBinary('other-bin')).toBeUndefined();
  });

  it('reads headers, without those of the protocol', () => {
    const raw = [
      ':path',
      '/a/B',
      'te',
      'trailers',
      'grpc-timeout',
      '1S',
      'content-type',
      'application/grpc',
      'user-agent',
      'x',
    ];
    const metadata = Metadata.fromWire([...raw, 'k', '1', 'k', '2', 'b-bin', 'AAE,AgM=', 'b-bin', '']);
    expect(
      [...metadata].map(([key, value]) => [
        key,
        typeof value === 'string' ? value : Buffer.from(value).toString('hex'),
      ]),
    ).toEqual([
      ['user-agent', 'x'],
      ['k', '1'],
      ['k', '2'],
      ['b-bin', '0001'],
      ['b-bin', '0203'],
      ['b-bin', ''],
    ]);
  });

  it('writes headers, without those of the protocol', () => {
    const headers: Record<string, string | string[]> = {};
    new Metadata([
      ['grpc-status', '0'],
      ['content-type', 'x'],
      ['grpc-status-details-bin', Buffer.from('d')],
      ['k', '1'],
      ['k', '2'],
    ]).addTo(headers);
    expect(headers).toEqual({ 'grpc-status-details-bin': 'ZA', k: ['1', '2'] });
  });

  it.each([
    ['', 'x'],
    ['a b', 'x'],
    ['ä', 'x'],
    [':path', 'x'],
    ['a', 'new\nline'],
    ['a', 'ä'],
    ['a', '\0'],
    ['a-bin', 'text'],
    ['a', new Uint8Array(1)],
    ['a', 7 as unknown as string],
  ])('refuses %j with %j', (key, value) => {
    expect(() => new Metadata().set(key, value)).toThrow(TypeError);
    expect(() => new Metadata().append(key, value)).toThrow(TypeError);
  });
});
