import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClusterKey } from '@signaldb/component';
import { connectFlight, createInprocNetwork, type FlightClient } from '@signaldb/flight';
import { Metadata, Status } from '@signaldb/grpc';
import { createLogger } from '@signaldb/runtime';
import { type Access, createAccess, credentialHeaders, openAccess } from './access.ts';
import { parseAccessFile, tokenDigest } from './access-file.ts';
import { accountOf } from './account.ts';
import { hashPassword } from './password-hash.ts';
import { tenantOf, tenantsOf } from './tenant.ts';

const secret = 'a secret of thirty-two characters or more';
const passwords = { alice: 'wonder:land ü', bob: 'builder-of-things' };
let dir: string;
let file: string;
let access: Access | undefined;
let log = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'signaldb-access-'));
  file = join(dir, 'auth.yaml');
  log = '';
});
afterEach(() => {
  access?.close();
  rmSync(dir, { recursive: true, force: true });
});

const users = async () => ({
  users: [
    { name: 'alice', passwordHash: await hashPassword(passwords.alice), tenants: ['acme'], write: true },
    { name: 'bob', password: passwords.bob, tenants: ['acme', 'two'] },
  ],
  tokens: [
    { name: 'collector', sha256: tokenDigest('collector-token'), tenants: ['acme'], write: true },
    { name: 'root', token: 'root-token', tenants: '*', write: true },
  ],
});

function write(content: object): void {
  writeFileSync(`${file}.new`, JSON.stringify(content));
  renameSync(`${file}.new`, file);
}

function open(options: { bearerLifetimeMs?: number; clusterKey?: ClusterKey } = {}): Access {
  const logger = createLogger({ level: 'trace', format: 'json', destination: { write: (line) => (log += line) } });
  const { bearerLifetimeMs = 60_000, clusterKey = new ClusterKey(secret) } = options;
  access = createAccess({ config: { file, clusterKey: undefined, bearerLifetimeMs }, clusterKey, logger });
  return access;
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const headers = (values: Record<string, string>) => new Metadata(values);

describe('who comes in', () => {
  beforeEach(async () => write(await users()));

  it.each([
    ['a password', { authorization: basic('alice', passwords.alice) }, 'alice'],
    ['a password without padding', { authorization: basic('bob', passwords.bob).replace(/=+$/, '') }, 'bob'],
    ['a bearer token', { authorization: 'Bearer collector-token' }, 'collector'],
    ['an API key', { 'x-api-key': 'root-token' }, 'root'],
    ['an API key as authorization', { authorization: 'ApiKey root-token' }, 'root'],
    ['the cluster’s proof', { authorization: new ClusterKey(secret).authorization()! }, 'cluster'],
  ])('%s', async (_, values, name) => {
    const door = open();
    expect((await door.admit(headers(values))).name).toBe(name);
    expect((await door.admit(headers(values))).name).toBe(name);
  });

  it.each([
    ['nothing', {}, 'nothing that says who'],
    ['a wrong password', { authorization: basic('alice', 'wonder') }, 'user or password'],
    ['a password of someone else', { authorization: basic('alice', passwords.bob) }, 'user or password'],
    ['an unknown user', { authorization: basic('carol', passwords.bob) }, 'user or password'],
    ['an object’s own name', { authorization: basic('__proto__', 'x') }, 'user or password'],
    ['an unknown token', { authorization: 'Bearer collector-token2' }, 'not known'],
    ['the hash in place of the token', { 'x-api-key': tokenDigest('collector-token') }, 'not known'],
    ['another cluster’s proof', { authorization: new ClusterKey(`${secret}2`).authorization()! }, 'not known'],
    ['a header that is none', { authorization: 'Negotiate x' }, "can't be understood"],
  ])('%s is refused', async (_, values, details) => {
    await expect(open().admit(headers(values))).rejects.toMatchObject({
      code: Status.UNAUTHENTICATED,
      details: expect.stringMatching(new RegExp(`${details}.*"authorization: Basic .*"x-api-key`)),
    });
  });

  it('takes the headers of HTTP, and refuses what gRPC could not carry', async () => {
    const door = open();
    const sent = { authorization: 'Bearer root-token', 'x-api-key': undefined, host: 'ü' };
    expect((await door.admit(credentialHeaders(sent))).name).toBe('root');
    await expect(door.admit(credentialHeaders({ authorization: 'Bearer ü' }))).rejects.toMatchObject({
      code: Status.UNAUTHENTICATED,
    });
  });

  it('refuses when too many passwords wait to be checked', async () => {
    const door = open();
    const tries = Array.from({ length: 80 }, () => door.admit(headers({ authorization: basic('bob', 'x') })));
    const codes = await Promise.all(tries.map((tried) => tried.catch(({ code }) => code)));
    expect(codes.filter((code) => code === Status.RESOURCE_EXHAUSTED)).toHaveLength(14);
    expect((await door.admit(headers({ authorization: basic('alice', passwords.alice) }))).name).toBe('alice');
  });
});

describe('tokens that are handed out', () => {
  beforeEach(async () => write(await users()));
  const bearer = (token: string) => headers({ authorization: `Bearer ${token}` });

  it('are good at every service of the cluster, and no other', async () => {
    const door = open();
    const { token } = await door.issue(await door.admit(headers({ authorization: basic('alice', passwords.alice) })));
    door.close();
    expect(await open().admit(bearer(token))).toEqual({ name: 'alice', tenants: ['acme'], write: true });
    access?.close();
    await expect(open({ clusterKey: new ClusterKey(`${secret}2`) }).admit(bearer(token))).rejects.toMatchObject({
      code: Status.UNAUTHENTICATED,
    });
  });

  it('expire', async () => {
    const door = open({ bearerLifetimeMs: -1 });
    const { token } = await door.issue(await door.admit(headers({ authorization: basic('alice', passwords.alice) })));
    await expect(door.admit(bearer(token))).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
  });

  it.each([
    ['the user goes', (content: Awaited<ReturnType<typeof users>>) => ({ ...content, users: [] })],
    [
      'gets another password',
      (content: Awaited<ReturnType<typeof users>>) => ({
        ...content,
        users: content.users.map(({ name, tenants }) => ({ name, tenants, password: 'changed' })),
      }),
    ],
  ])('end when %s', async (_, change) => {
    const door = open();
    const { token } = await door.issue(await door.admit(headers({ authorization: basic('bob', passwords.bob) })));
    door.close();
    write(change(await users()));
    await expect(open().admit(bearer(token))).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
  });
});

describe('the file', () => {
  it('is read again when it changes, and a broken one changes nothing', async () => {
    write(await users());
    const door = open();
    const known = (token: string) =>
      door.admit(headers({ 'x-api-key': token })).then(
        () => true,
        () => false,
      );
    const until = async (reached: () => boolean | Promise<boolean>) => {
      for (let i = 0; i < 80 && !(await reached()); i++) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await reached()).toBe(true);
    };
    writeFileSync(file, 'users: [{name: eve, password: topsecret, tenants: [acme');
    await until(() => log.includes('not taken'));
    expect(await known('root-token')).toBe(true);
    write({ tokens: [{ name: 'new', token: 'new-token', tenants: '*' }] });
    await until(() => known('new-token'));
    expect(await known('root-token')).toBe(false);
    expect(log).not.toMatch(/topsecret|new-token|root-token/);
  });

  it.each([
    ['an unknown key', { people: [] }, 'people'],
    ['a user without a password', { users: [{ name: 'a', tenants: '*' }] }, 'either passwordHash or password'],
    [
      'two of a name',
      { users: [1, 2].map(() => ({ name: 'a', password: 'pppp', tenants: '*' })) },
      '"a" is there twice',
    ],
    ['no tenants', { users: [{ name: 'a', password: 'pppp' }] }, 'users.0.tenants'],
    ['a tenant that is none', { users: [{ name: 'a', password: 'pppp', tenants: ['a/b'] }] }, 'tenants'],
    ['a hash that is none', { users: [{ name: 'a', passwordHash: 'pppp', tenants: '*' }] }, 'auth-hash'],
    [
      'a hash that would take forever',
      {
        users: [
          { name: 'a', passwordHash: 'scrypt:30:8:1:AAAAAAAAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA', tenants: '*' },
        ],
      },
      'auth-hash',
    ],
    ['a short token', { tokens: [{ name: 'a', token: 'pppp', tenants: '*' }] }, 'shorter than 8'],
    ['a digest that is none', { tokens: [{ name: 'a', sha256: 'pppp', tenants: '*' }] }, 'SHA-256'],
    ['write as text', { tokens: [{ name: 'a', token: 'pppppppp', tenants: '*', write: 'pppp' }] }, 'write'],
  ])('with %s is refused, without a secret in the message', (_, content, message) => {
    const parse = () => parseAccessFile(JSON.stringify(content), 'auth.json');
    expect(parse).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) }),
    );
    expect(parse).not.toThrow(/pppp/);
  });

  it('that isn’t there is told', () => {
    expect(() => open()).toThrow(/auth\.yaml can't be read \(ENOENT\)/);
  });
});

describe('tenants', () => {
  const one = { name: 'one', tenants: ['acme'], write: false };
  const two = { name: 'two', tenants: ['acme', 'b'], write: false };
  const all = { name: 'all', tenants: '*' as const, write: false };

  it.each([
    [one, undefined, ['acme']],
    [one, 'acme', ['acme']],
    [two, 'acme|b', ['acme', 'b']],
    [{ ...two, tenants: ['default', 'b'] }, undefined, ['default']],
    [all, undefined, ['default']],
    [all, 'x|y|x', ['x', 'y']],
  ])('%j with %j reads %j', (account, header, tenants) => expect(tenantsOf(account, header)).toEqual(tenants));

  it.each([
    [one, 'b', Status.PERMISSION_DENIED],
    [two, 'acme|c', Status.PERMISSION_DENIED],
    [one, 'default', Status.PERMISSION_DENIED],
    [two, undefined, Status.INVALID_ARGUMENT],
    [{ ...one, tenants: [] }, undefined, Status.INVALID_ARGUMENT],
    [all, 'a/b', Status.INVALID_ARGUMENT],
    [all, '..', Status.INVALID_ARGUMENT],
    [all, Array.from({ length: 17 }, (_, i) => `t${i}`).join('|'), Status.INVALID_ARGUMENT],
  ])('%j with %j is refused', (account, header, code) => {
    expect(() => tenantsOf(account, header)).toThrow(expect.objectContaining({ code }));
  });

  it('a call that can’t span several refuses them', () => {
    expect(() => tenantOf(all, 'a|b')).toThrow(expect.objectContaining({ code: Status.INVALID_ARGUMENT }));
  });
});

describe('Flight services', () => {
  const service = {
    async getSchema(_: unknown, context: { principal?: unknown }): Promise<never> {
      throw new Error(accountOf(context).name);
    },
  };

  async function callerSeen(guarded: object, authorization?: string): Promise<string | number> {
    const inproc = createInprocNetwork();
    inproc.serve('door', guarded);
    const client: FlightClient = connectFlight('inproc://door', { inproc });
    return client.getSchema({ path: ['t'] }, authorization ? { metadata: { authorization } } : {}).then(
      () => '',
      ({ code, cause }) => (code === Status.UNKNOWN ? (cause as Error).message : code),
    );
  }

  it('know their callers', async () => {
    write(await users());
    const { flight, internalFlight } = open();
    const proof = new ClusterKey(secret).authorization();
    expect(await callerSeen(flight(service), 'Bearer root-token')).toBe('root');
    expect(await callerSeen(flight(service), proof)).toBe('cluster');
    expect(await callerSeen(flight(service))).toBe(Status.UNAUTHENTICATED);
    expect(await callerSeen(internalFlight(service), proof)).toBe('cluster');
    expect(await callerSeen(internalFlight(service), 'Bearer root-token')).toBe(Status.UNAUTHENTICATED);
  });

  it('let everyone in where authentication is off', async () => {
    const { flight } = openAccess(new ClusterKey());
    expect(await callerSeen(flight(service))).toBe('anonymous');
    expect(await callerSeen(flight(service), 'Bearer anything')).toBe('anonymous');
  });
});
