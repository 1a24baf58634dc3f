// `node packages/grpc/bench/compare.ts [name…]`: this server beside @grpc/grpc-js's, with the same client (node:http2 by hand), each server in a process of
// its own. Calls or megabytes a second, and per second of the server's CPU.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { join } from 'node:path';

// The best of so many: what else runs on the machine only ever makes it slower.
const rounds = 5;

interface Workload {
  readonly name: string;
  readonly unit: 'calls' | 'messages' | 'MB';
  /** How much the run below is, in that unit. */
  readonly amount: number;
  readonly run: (session: ClientHttp2Session) => Promise<void>;
}

function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function open(session: ClientHttp2Session, name: string): ClientHttp2Stream {
  return session.request({
    ':method': 'POST',
    ':path': `/bench.Bytes/${name}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
}

async function done(stream: ClientHttp2Stream): Promise<void> {
  let status: unknown;
  stream.on('response', (headers) => {
    status = headers['grpc-status'];
  });
  stream.on('trailers', (headers) => {
    status = headers['grpc-status'];
  });
  stream.on('data', () => {});
  await once(stream, 'close');
  if (status !== '0') throw new Error(`status ${status}`);
}

function unary(requestBytes: number, calls: number, concurrency: number): Workload {
  const request = frame(Buffer.alloc(requestBytes, 'a'));
  return {
    name: `unary-${requestBytes}`,
    unit: 'calls',
    amount: calls,
    async run(session) {
      let left = calls;
      const worker = async (): Promise<void> => {
        while (left-- > 0) {
          const stream = open(session, 'Unary');
          stream.end(request);
          await done(stream);
        }
      };
      await Promise.all(Array.from({ length: concurrency }, worker));
    },
  };
}

function download(messageBytes: number, messages: number): Workload {
  return {
    name: `download-${messageBytes}`,
    unit: 'MB',
    amount: (messageBytes * messages) / 1e6,
    async run(session) {
      const stream = open(session, 'Download');
      stream.end(frame(Buffer.from(`${messageBytes}x${messages}`)));
      await done(stream);
    },
  };
}

async function writeAll(stream: ClientHttp2Stream, message: Buffer, messages: number): Promise<void> {
  for (let i = 0; i < messages; i++)
    if (!stream.write(message) && stream.writableLength > 4 << 20) await once(stream, 'drain');
  stream.end();
}

function upload(messageBytes: number, messages: number): Workload {
  const message = frame(Buffer.alloc(messageBytes, 'a'));
  return {
    name: `upload-${messageBytes}`,
    unit: 'MB',
    amount: (messageBytes * messages) / 1e6,
    async run(session) {
      const stream = open(session, 'Upload');
      await Promise.all([writeAll(stream, message, messages), done(stream)]);
    },
  };
}

function chat(messageBytes: number, messages: number): Workload {
  const message = frame(Buffer.alloc(messageBytes, 'a'));
  return {
    name: `chat-${messageBytes}`,
    unit: 'messages',
    amount: messages,
    async run(session) {
      const stream = open(session, 'Chat');
      await Promise.all([writeAll(stream, message, messages), done(stream)]);
    },
  };
}

const workloads = [
  unary(250_000, 2000, 16),
  unary(100, 20_000, 64),
  download(65_536, 16_000),
  download(1 << 20, 1500),
  upload(65_536, 16_000),
  upload(1 << 20, 1000),
  chat(1000, 100_000),
];

async function measure(kind: string, chosen: readonly Workload[]): Promise<void> {
  const child = fork(join(import.meta.dirname, 'servers.ts'), [kind], {
    execArgv: process.env.SERVER_ARGS?.split(' ') ?? [],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const usage = async (): Promise<{ cpuSeconds: number; peakMegabytes: number }> => {
    child.send('usage');
    return ((await once(child, 'message')) as [{ cpuSeconds: number; peakMegabytes: number }])[0];
  };
  const session = http2.connect(`http://127.0.0.1:${port}`, {
    settings: { initialWindowSize: 8 << 20 },
    maxSessionMemory: 1000,
  });
  await once(session, 'connect');
  session.setLocalWindowSize(32 << 20);
  for (const workload of chosen) {
    let seconds = Number.POSITIVE_INFINITY;
    let cpuSeconds = Number.POSITIVE_INFINITY;
    let peakMegabytes = 0;
    for (let round = 0; round < rounds; round++) {
      const before = await usage();
      const began = performance.now();
      await workload.run(session);
      seconds = Math.min(seconds, (performance.now() - began) / 1000);
      const after = await usage();
      cpuSeconds = Math.min(cpuSeconds, after.cpuSeconds - before.cpuSeconds);
      peakMegabytes = after.peakMegabytes;
    }
    const rate = (per: number): string =>
      Math.round(workload.amount / per)
        .toLocaleString('en')
        .padStart(9);
    console.log(
      `${workload.name.padEnd(18)}${kind.padEnd(9)}${rate(seconds)} ${workload.unit}/s${rate(cpuSeconds)} ${workload.unit}/CPU-s  peak ${Math.round(peakMegabytes)} MB`,
    );
  }
  session.destroy();
  child.disconnect();
}

const wanted = process.argv.slice(2);
const chosen = workloads.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const kinds = process.env.SERVERS?.split(',') ?? ['ours', 'grpc-js'];
for (const kind of kinds) await measure(kind, chosen);
