import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bytesService, frame, rawCall, startServer, type TestServer, until } from './test-server.ts';

let test: TestServer;
beforeEach(async () => {
  test = await startServer();
});
afterEach(async () => {
  // Whatever a peer did, the next one is served, nothing is left of the calls, and nobody had to be told.
  expect(await rawCall(test.port, [frame('alive')])).toMatchObject({ status: 0, body: frame('alive') });
  expect(test.log.filter(({ level }) => level === 'error')).toEqual([]);
  await test.stop();
});

/** Bytes of buffers that somebody holds: what nobody does is collected first. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().arrayBuffers;
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const Type = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
};

function h2(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

// HPACK: literals without indexing, names and values as they are.
function hpack(headers: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.of(0), hpackText(name), hpackText(value)]));
}

function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.of(...length, rest), bytes]);
}

const request = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', bytesService.unary.path],
  [':authority', 'x'],
  ['content-type', 'application/grpc'],
] as const;

const elsewhere = request.map(([name, value]) => [name, name === ':path' ? '/no/Body' : value] as const);
const plain = request.filter(([name]) => name !== 'content-type');
const reset = (stream: number): Buffer => h2(Type.reset, 0, stream, Buffer.from([0, 0, 0, 8]));

/** Connects, sends what is given until the server hangs up or everything is sent, and hangs up. */
async function attack(...bytes: readonly Uint8Array[]): Promise<void> {
  const socket = net.connect(test.port, '127.0.0.1');
  let closed = false;
  socket.on('close', () => {
    closed = true;
  });
  socket.on('error', () => {});
  socket.resume();
  for (const part of bytes) {
    if (closed) return;
    if (!socket.write(part)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
  }
  // Long enough for the server to have seen it.
  if (!closed) await Promise.race([new Promise((resolve) => setTimeout(resolve, 50)), once(socket, 'close')]);
  socket.destroy();
}

const hello = Buffer.concat([preface, h2(Type.settings, 0, 0)]);
const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31 + 7) % 256));

describe('a peer that sends', () => {
  it.each<[string, readonly Uint8Array[]]>([
    ['nothing', []],
    ['random bytes', [noise]],
    ['the preface and random bytes', [preface, noise]],
    ['settings and random bytes', [hello, noise]],
    ['a broken preface', [Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n')]],
    ['a TLS handshake', [Buffer.from('\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', 'latin1')]],
    ['half a request', [hello, h2(Type.headers, 4, 1, hpack(request)), h2(Type.data, 0, 1, frame('x').subarray(0, 3))]],
    ['data before headers', [hello, h2(Type.data, 0, 1, frame('x'))]],
    ['data after the end', [hello, h2(Type.headers, 5, 1, hpack(request)), h2(Type.data, 1, 1, frame('x'))]],
    ['headers twice', [hello, h2(Type.headers, 4, 1, hpack(request)), h2(Type.headers, 4, 1, hpack(request))]],
    [
      'trailers after its request',
      [
        hello,
        h2(Type.headers, 4, 1, hpack(request)),
        h2(Type.data, 0, 1, frame('x')),
        h2(Type.headers, 5, 1, hpack([['t', 'x']])),
      ],
    ],
    ['headers that are no HPACK', [hello, h2(Type.headers, 5, 1, noise)]],
    ['headers without a path', [hello, h2(Type.headers, 5, 1, hpack([[':method', 'POST']]))]],
    ['a continuation of nothing', [hello, h2(Type.continuation, 4, 1, hpack(request))]],
    ['an even stream', [hello, h2(Type.headers, 5, 2, hpack(request))]],
    ['a window of zero', [hello, h2(Type.window, 0, 0, Buffer.alloc(4))]],
    ['a frame that is too large', [hello, h2(Type.data, 0, 1, Buffer.alloc(1 << 22))]],
    ['goodbye at once', [hello, h2(Type.goaway, 0, 0, Buffer.from('\0\0\0\0\0\0\0\x0b', 'latin1'))]],
    [
      'a request that it takes back at once',
      [hello, Buffer.concat([h2(Type.headers, 4, 1, hpack(request)), reset(1)])],
    ],
    [
      'a request to nobody that it takes back',
      [hello, Buffer.concat([h2(Type.headers, 4, 1, hpack(elsewhere)), reset(1)])],
    ],
    [
      'a request that is not gRPC and that it takes back',
      [hello, Buffer.concat([h2(Type.headers, 4, 1, hpack(plain)), reset(1)])],
    ],
    [
      'a request and goodbye',
      [hello, Buffer.concat([h2(Type.headers, 4, 1, hpack(elsewhere)), h2(Type.goaway, 0, 0, Buffer.alloc(8))])],
    ],
    ['goodbye within a call', [hello, h2(Type.headers, 4, 1, hpack(request)), h2(Type.goaway, 0, 0, Buffer.alloc(8))]],
  ])('%s', async (_what, bytes) => {
    await attack(...bytes);
  });

  it.each([1, 2, 3, 5, 8, 13, 21, 34, 55, 89])('a call cut after %i bytes of its last frames', async (cut) => {
    const whole = Buffer.concat([h2(Type.headers, 4, 1, hpack(request)), h2(Type.data, 1, 1, frame('message'))]);
    await attack(hello, whole.subarray(0, cut), whole.subarray(cut, -cut));
  });
});

// A small generator with a seed, so that what fails can be run again.
function randomBelow(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

describe('a peer that garbles its calls', () => {
  const calls = [1, 3, 5, 7].map((id) =>
    Buffer.concat([
      h2(Type.headers, 4, id, hpack(id === 5 ? elsewhere : request)),
      h2(Type.data, 0, id, frame('message').subarray(0, 7)),
      h2(Type.window, 0, id, Buffer.from([0, 0, 1, 0])),
      h2(Type.data, 1, id, frame('message').subarray(7)),
    ]),
  );
  const whole = Buffer.concat([hello, ...calls, h2(Type.ping, 0, 0, Buffer.alloc(8)), reset(3)]);
  const seed = Number(process.env.SEED ?? 1);
  const rounds = Number(process.env.ROUNDS ?? 20);

  it(`does no harm (SEED=${seed})`, async () => {
    const random = randomBelow(seed);
    for (let round = 0; round < rounds; round++) {
      const garbled = Array.from({ length: 20 }, () => {
        const bytes = Buffer.from(whole);
        // Mostly behind the preface, where there is something to understand.
        for (let changes = random(4); changes >= 0; changes--)
          bytes[random(20) === 0 ? random(33) : 33 + random(bytes.length - 33)] = random(256);
        return attack(bytes.subarray(0, random(bytes.length)), bytes.subarray(random(bytes.length)));
      });
      await Promise.all(garbled);
    }
  });
});

describe('a flood of', () => {
  async function hangsUp(...bytes: readonly Uint8Array[]): Promise<void> {
    const socket = net.connect(test.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    const closed = once(socket, 'close').catch(() => {});
    for (const part of bytes) socket.write(part);
    await closed;
  }

  it('pings ends the connection', async () => {
    await hangsUp(hello, Buffer.concat(Array(2000).fill(h2(Type.ping, 0, 0, Buffer.alloc(8)))));
    expect(test.log).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'A client pings too often; its connection is closed' }),
    );
  });

  it('settings ends the connection', async () => {
    await hangsUp(
      hello,
      Buffer.concat(Array(50_000).fill(h2(Type.settings, 0, 0, Buffer.from('\0\x04\0\0\xff\xff', 'latin1')))),
    );
  });

  it('resets ends the connection', async () => {
    const resets = Array.from({ length: 5000 }, (_, i) => {
      const id = 2 * i + 1;
      return Buffer.concat([h2(Type.headers, 4, id, hpack(request)), reset(id)]);
    });
    await hangsUp(hello, ...resets);
  });

  it('headers of 64 MB ends the connection, and takes no memory', async () => {
    const before = process.memoryUsage().rss;
    const piece = h2(Type.continuation, 0, 1, hpack([['h', 'x'.repeat(16_000)]]));
    await hangsUp(hello, h2(Type.headers, 0, 1, hpack(request)), ...Array(4000).fill(piece));
    expect(process.memoryUsage().rss - before).toBeLessThan(150 << 20);
  });

  it('streams beyond the limit is refused', async () => {
    const streams = Array.from({ length: 2000 }, (_, i) => h2(Type.headers, 4, 2 * i + 1, hpack(request)));
    await attack(hello, ...streams);
    expect(test.reports.length).toBeLessThan(700);
  });

  it('empty data frames does no harm', async () => {
    await attack(hello, h2(Type.headers, 4, 1, hpack(request)), Buffer.concat(Array(50_000).fill(h2(Type.data, 0, 1))));
  });

  it('connections that say nothing more does no harm', async () => {
    await Promise.all(Array.from({ length: 200 }, (_, i) => attack(hello.subarray(0, i % hello.length))));
  });
});

describe('memory', () => {
  it('returns after gzip bombs', async () => {
    const bomb = frame(zlib.gzipSync(Buffer.alloc(100 << 20)), 1);
    const before = heldBytes();
    const calls = Array.from({ length: 20 }, () => rawCall(test.port, [bomb], { 'grpc-encoding': 'gzip' }));
    for (const answer of await Promise.all(calls)) expect(answer).toMatchObject({ status: 8 });
    await until(() => heldBytes() - before < 64 << 20, 'the memory is let go');
  });

  it('is bounded where many calls never end', async () => {
    // It says 48 MiB, and stops at 100 KB.
    const begun = Buffer.alloc(100_000);
    begun.writeUInt32BE(48 << 20, 1);
    const session = http2.connect(`http://127.0.0.1:${test.port}`);
    session.on('error', () => {});
    const streams = Array.from({ length: 100 }, () => {
      const stream = session.request({
        ':method': 'POST',
        ':path': bytesService.unary.path,
        'content-type': 'application/grpc',
      });
      stream.on('error', () => {});
      stream.write(begun);
      return stream;
    });
    await until(() => streams.every((stream) => stream.writableLength === 0), 'all have sent');
    expect(test.reports).toEqual([]);
    session.destroy();
    await until(() => test.reports.length === 100, 'all calls are over');
  });

  it('comes back from every kind of call that failed', async () => {
    const before = test.reports.length;
    for (let i = 0; i < 200; i++)
      await attack(hello, h2(Type.headers, 4, 1, hpack(request)), h2(Type.data, 0, 1, Buffer.alloc(16_000)));
    await until(() => test.reports.length >= before + 200, 'all calls are over');
  });
});
