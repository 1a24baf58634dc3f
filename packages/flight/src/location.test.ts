import { describe, expect, it } from '@jest/globals';
import { parseLocation } from './location.ts';

describe('a location', () => {
  it.each([
    ['inproc://acceptor', { transport: 'inproc', name: 'acceptor' }],
    ['grpc://localhost:8815', { transport: 'grpc', target: 'localhost:8815', tls: false }],
    ['grpc+tcp://10.0.0.1:1/', { transport: 'grpc', target: '10.0.0.1:1', tls: false }],
    ['grpc+tls://h.example:443', { transport: 'grpc', target: 'h.example:443', tls: true }],
    ['grpc://[::1]:8815', { transport: 'grpc', target: '[::1]:8815', tls: false }],
    ['grpc+unix:///tmp/socket', { transport: 'grpc', target: 'unix:/tmp/socket', tls: false }],
  ])('%s', (uri, expected) => {
    expect(parseLocation(uri)).toEqual(expected);
  });

  it.each([
    ['localhost:8815', 'needs a scheme'],
    ['http://localhost:8815', 'scheme http is none of'],
    ['grpc://localhost', 'needs a host and a port'],
    ['grpc://:8815', 'needs a host and a port'],
    ['grpc://localhost:99999', 'needs a host and a port'],
    ['grpc://localhost:1/path', 'needs a host and a port'],
    ['grpc+unix://relative', 'absolute path'],
    ['inproc://', 'names nothing'],
    ['', 'needs a scheme'],
  ])('%s is refused', (uri, message) => {
    expect(() => parseLocation(uri)).toThrow(message);
  });
});
