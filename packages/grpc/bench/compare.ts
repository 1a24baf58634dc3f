// `node packages/grpc/bench/compare.ts [name…]`: this server beside @grpc/grpc-js's, with the same client (node:http2 by hand), each server in a process of
// its own. Calls or megabytes a second, and per second of the server's CPU.
import { type ChildProcess, fork } from 'node:child_process';
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

interface Usage {
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** A server's process, and a connection to it. */
class Subject {
  readonly kind: string;
  readonly #child: ChildProcess;
  readonly #session: ClientHttp2Session;

  private constructor(kind: string, child: ChildProcess, session: ClientHttp2Session) {
    this.kind = kind;
    this.#child = child;
    this.#session = session;
  }

  static async start(kind: string): Promise<Subject> {
    const execArgv = process.env.SERVER_ARGS?.split(' ') ?? [];
    const child = fork(join(import.meta.dirname, 'servers.ts'), [kind], { execArgv });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const settings = { initialWindowSize: 8 << 20 };
    const session = http2.connect(`http://127.0.0.1:${port}`, { settings, maxSessionMemory: 1000 });
    await once(session, 'connect');
    session.setLocalWindowSize(32 << 20);
    return new Subject(kind, child, session);
  }

  async #usage(): Promise<Usage> {
    this.#child.send('usage');
    return ((await once(this.#child, 'message')) as [Usage])[0];
  }

  async run(workload: Workload): Promise<Usage & { seconds: number }> {
    const before = await this.#usage();
    const began = performance.now();
    await workload.run(this.#session);
    const seconds = (performance.now() - began) / 1000;
    const after = await this.#usage();
    return { seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds, peakMegabytes: after.peakMegabytes };
  }

  stop(): void {
    this.#session.destroy();
    this.#child.disconnect();
  }
}

const wanted = process.argv.slice(2);
const chosen = workloads.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const subjects = await Promise.all((process.env.SERVERS ?? 'ours,grpc-js').split(',').map(Subject.start));
for (const workload of chosen) {
  const results = new Map<string, (Usage & { seconds: number })[]>(subjects.map(({ kind }) => [kind, []]));
  // Taken in turns, so that what else the machine does falls on all alike.
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) results.get(subject.kind)?.push(await subject.run(workload));
  }
  for (const [kind, runs] of results) {
    const least = (of: 'seconds' | 'cpuSeconds'): number => Math.min(...runs.map((run) => run[of]));
    const rate = (per: number): string => `${Math.round(workload.amount / per).toLocaleString('en')} ${workload.unit}`;
    const speed = `${rate(least('seconds')).padStart(18)}/s ${rate(least('cpuSeconds')).padStart(18)}/CPU-s`;
    console.log(
      `${workload.name.padEnd(18)}${kind.padEnd(9)}${speed}  peak ${Math.round(runs.at(-1)?.peakMegabytes ?? 0)} MB`,
    );
  }
}
for (const subject of subjects) subject.stop();
