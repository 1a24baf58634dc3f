import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createGrpcServer, type GrpcServerOptions, Status } from '@signaldb/grpc';
import type { Authenticator } from './auth/authenticator.ts';
import { withAuthentication } from './auth/with-authentication.ts';
import { type ConnectOptions, connectFlight } from './connect.ts';
import { createInprocNetwork } from './inproc/inproc-network.ts';
import { addFlightService } from './network/flight-server.ts';
import type { FlightService } from './service.ts';
import { all, textOf } from './testing/streams.ts';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const pem = (name: string) => readFile(join(import.meta.dirname, 'testing/tls', name));

const whoService: Partial<FlightService> = {
  async *doAction(_, { principal, peer, peerCertificate }) {
    yield Buffer.from(principal?.name ?? peerCertificate?.subject ?? peer);
  },
};

/** Who the service takes this client for. */
async function who(location: string, options: ConnectOptions = {}): Promise<string> {
  const client = connectFlight(location, options);
  closers.push(() => client.close());
  expect(client.location).toBe(location);
  const [answer] = await all(client.doAction({ type: 'who', body: new Uint8Array(0) }));
  return textOf(answer)!;
}

function serverOf(options: GrpcServerOptions = {}, authenticator?: Authenticator) {
  const server = createGrpcServer(options);
  addFlightService(server, authenticator ? withAuthentication(whoService, authenticator) : whoService);
  closers.push(() => server.close({ graceMs: 0 }));
  return server;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'flight-'));
  closers.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

const loopback = { host: '127.0.0.1', port: 0 };

describe('a service is reached at', () => {
  it.each(['grpc', 'grpc+tcp'])('%s://', async (scheme) => {
    const { port } = await serverOf().listen(loopback);
    expect(await who(`${scheme}://127.0.0.1:${port}`)).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it('inproc://', async () => {
    const inproc = createInprocNetwork();
    inproc.serve('store', whoService);
    expect(await who('inproc://store', { inproc })).toBe('inproc');
    expect(() => connectFlight('inproc://store')).toThrow('needs the in-process network');
  });

  it('grpc+unix://, whose socket goes with the server', async () => {
    const path = join(await folder(), 'flight');
    const server = serverOf();
    expect(await server.listen({ path })).toEqual({ path });
    expect(await who(`grpc+unix://${path}`)).toBe('unix');
    await server.close();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('grpc+unix:// where a process that is gone left its socket, but not where one is served', async () => {
    const path = join(await folder(), 'flight');
    const first = net.createServer();
    await new Promise<void>((resolve) => first.listen(path, resolve));
    await expect(serverOf().listen({ path })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    // A socket that nobody listens to any more, as after a crash.
    const abandoned = `${path}.old`;
    await rename(path, abandoned);
    await new Promise((resolve) => first.close(resolve));
    await serverOf().listen({ path: abandoned });
    expect(await who(`grpc+unix://${abandoned}`)).toBe('unix');
  });

  it('grpc+tls://, where its certificate is trusted', async () => {
    const [cert, key, ca] = await Promise.all([pem('localhost.crt'), pem('localhost.key'), pem('stranger.crt')]);
    const { port } = await serverOf({ tls: { cert, key } }).listen(loopback);
    expect(await who(`grpc+tls://localhost:${port}`, { tls: { ca: cert } })).toMatch(/127\.0\.0\.1/);
    expect(await who(`grpc+tls://127.0.0.1:${port}`, { tls: { ca: cert, serverName: 'localhost' } })).toMatch(/\d/);
    const unavailable = { code: Status.UNAVAILABLE };
    await expect(who(`grpc+tls://localhost:${port}`, { tls: { ca } })).rejects.toMatchObject(unavailable);
    await expect(who(`grpc+tls://localhost:${port}`)).rejects.toMatchObject(unavailable);
    await expect(who(`grpc://localhost:${port}`)).rejects.toMatchObject(unavailable);
  });
});

describe('a client certificate', () => {
  const authenticator: Authenticator = {
    certificate: async ({ subject }) => (subject === 'CN=localhost' ? { name: 'the client' } : undefined),
  };

  async function serve(tls: GrpcServerOptions['tls']) {
    const [cert, key] = await Promise.all([pem('localhost.crt'), pem('localhost.key')]);
    const { port } = await serverOf({ tls: { cert, key, ca: cert, ...tls } }, authenticator).listen(loopback);
    return { location: `grpc+tls://localhost:${port}`, cert, key };
  }

  it('that the server trusts names the caller', async () => {
    const { location, cert, key } = await serve({ requestCert: true, rejectUnauthorized: false });
    expect(await who(location, { tls: { ca: cert, cert, key } })).toBe('the client');
  });

  it('that it does not trust, or that is missing, does not', async () => {
    const { location, cert: ca } = await serve({ requestCert: true, rejectUnauthorized: false });
    const [cert, key] = await Promise.all([pem('stranger.crt'), pem('stranger.key')]);
    const refused = {
      code: Status.UNAUTHENTICATED,
      details: expect.stringContaining('connect with a client certificate that this server trusts'),
    };
    await expect(who(location, { tls: { ca, cert, key } })).rejects.toMatchObject(refused);
    await expect(who(location, { tls: { ca } })).rejects.toMatchObject(refused);
  });

  it('that it trusts but that is of nobody known is refused as that', async () => {
    const [cert, key, ca] = await Promise.all([pem('stranger.crt'), pem('stranger.key'), pem('localhost.crt')]);
    const { location } = await serve({ ca: [cert], requestCert: true, rejectUnauthorized: false });
    await expect(who(location, { tls: { ca, cert, key } })).rejects.toMatchObject({
      code: Status.UNAUTHENTICATED,
      details: expect.stringContaining('of nobody who is known here'),
    });
  });

  it('can be asked for before anything else', async () => {
    const { location, cert, key } = await serve({ requestCert: true, rejectUnauthorized: true });
    expect(await who(location, { tls: { ca: cert, cert, key } })).toBe('the client');
    await expect(who(location, { tls: { ca: cert } })).rejects.toMatchObject({ code: Status.UNAVAILABLE });
  });
});
