import { describe, expect, it } from '@jest/globals';
import { protocolOf } from './protocol-detection.ts';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

describe('protocolOf', () => {
  it('needs the whole preface to see HTTP/2', () => {
    for (let length = 0; length < preface.length; length++)
      expect(protocolOf(Buffer.from(preface.slice(0, length)))).toBeUndefined();
    expect(protocolOf(Buffer.from(preface))).toBe('http2');
    expect(protocolOf(Buffer.from(`${preface}and frames`))).toBe('http2');
  });

  it.each(['G', 'GET / HTTP/1.1\r\n', 'POST', 'PR ', 'PRINT', 'PRI * HTTP/2.1', 'pri', '\x16\x03\x01', '\0'])(
    'takes %j for HTTP/1',
    (bytes) => {
      expect(protocolOf(Buffer.from(bytes, 'latin1'))).toBe('http1');
    },
  );
});
