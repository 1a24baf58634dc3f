import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadTlsMaterial } from './tls.ts';

const file = (name: string) => join(import.meta.dirname, 'testdata', name);

describe('loadTlsMaterial', () => {
  it('is off where nothing is set', () => {
    expect(loadTlsMaterial({})).toBeUndefined();
  });

  it('reads certificate and key', () => {
    expect(loadTlsMaterial({ certFile: file('server.crt'), keyFile: file('server.key') })).toEqual({
      cert: readFileSync(file('server.crt')),
      key: readFileSync(file('server.key')),
      requestCert: false,
    });
  });

  it('asks clients for a certificate where their signers are given', () => {
    const clientCaFile = file('server.crt');
    const material = loadTlsMaterial({ certFile: file('server.crt'), keyFile: file('server.key'), clientCaFile });
    expect(material).toMatchObject({ ca: readFileSync(clientCaFile), requestCert: true });
  });

  it('trusts the signers of other services’ certificates', () => {
    const caFile = file('server.crt');
    const material = loadTlsMaterial({ certFile: file('server.crt'), keyFile: file('server.key'), caFile });
    expect(material).toMatchObject({ trusted: readFileSync(caFile), requestCert: false });
  });

  it.each([
    ['a certificate without key', { certFile: file('server.crt') }, /needs both/],
    ['a key without certificate', { keyFile: file('server.key') }, /needs both/],
    ['signers of others alone', { caFile: file('server.crt') }, /needs both/],
    ['client signers alone', { clientCaFile: file('server.crt') }, /needs both/],
    [
      'a missing file',
      { certFile: '/nowhere.crt', keyFile: file('server.key') },
      /\/nowhere\.crt can't be read \(ENOENT\)/,
    ],
    [
      'another certificate’s key',
      { certFile: file('server.crt'), keyFile: file('other.key') },
      /can't be used together/,
    ],
    ['what is no certificate', { certFile: file('server.key'), keyFile: file('server.key') }, /can't be used together/],
  ])('refuses %s', (_what, files, message) => {
    expect(() => loadTlsMaterial(files)).toThrow(
      expect.objectContaining({ code: 'TLS_INVALID', message: expect.stringMatching(message) }),
    );
  });
});
