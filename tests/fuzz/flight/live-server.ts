import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { connectFlight, type FlightClient, type FlightMessage } from '@signaldb/flight';
import { sampleBatch } from '../../../packages/flight/src/testing/sample.ts';

const CALL_MS_MAX = 10_000;
const DO_PUT = '/arrow.flight.protocol.FlightService/DoPut';
const DO_EXCHANGE = '/arrow.flight.protocol.FlightService/DoExchange';

/** What the decoder and the service may answer: OK, INVALID_ARGUMENT, RESOURCE_EXHAUSTED; what gRPC itself may: INTERNAL, UNIMPLEMENTED. */
const fine = new Set([0, 3, 8, 12, 13]);

/** A Flight server in a process of its own, and a stream beside the mutated ones that must not notice anything. */
export class LiveServer {
  readonly #process: ChildProcess;
  readonly #port: number;
  readonly #raw: Client;
  readonly #witness: FlightClient;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  #echoes = 0;
  #failure: Error | undefined;

  private constructor(child: ChildProcess, port: number) {
    this.#process = child;
    this.#port = port;
    this.#raw = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    this.#witness = connectFlight(`grpc://127.0.0.1:${port}`);
    child.once('exit', (code, signal) => {
      if (!this.#stop.signal.aborted) this.#failure ??= new Error(`the server died (${signal ?? `exit code ${code}`})`);
    });
    this.#watching = this.#watch().catch((error) => {
      if (!this.#stop.signal.aborted) this.#failure ??= new Error('the stream beside was disturbed', { cause: error });
    });
  }

  static async start(): Promise<LiveServer> {
    const child = fork(join(import.meta.dirname, 'server-process.ts'), { execArgv: ['--expose-gc'] });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new LiveServer(child, port);
  }

  get echoes(): number {
    return this.#echoes;
  }

  /** Throws what went wrong with the server or the stream beside it. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Heap and buffers in bytes, after a collection. */
  async memory(): Promise<number> {
    this.#process.send('memory');
    const [{ memory }] = (await once(this.#process, 'message')) as [{ memory: number }];
    return memory;
  }

  /** Sends messages in a call of their own. Throws where it ends otherwise than a call may, or not at all. */
  async call(messages: readonly Uint8Array[], exchange: boolean): Promise<string> {
    const ended = new Promise<{ code: number; details: string }>((resolve) => {
      const asItIs = (bytes: Buffer) => bytes;
      const deadline = Date.now() + CALL_MS_MAX;
      const call = this.#raw.makeBidiStreamRequest(exchange ? DO_EXCHANGE : DO_PUT, asItIs, asItIs, { deadline });
      call.on('data', () => {});
      call.on('error', () => {});
      call.on('status', resolve);
      for (const message of messages) call.write(Buffer.from(message));
      call.end();
    });
    const { code, details } = await ended;
    if (code === 4) throw new Error(`the call didn't end in ${CALL_MS_MAX} ms`);
    if (!fine.has(code)) throw new Error(`the call ended with status ${code}: ${details}`);
    this.check();
    return code === 0 ? '' : details;
  }

  /** Sends a request's body as it is, over a connection of its own. The server may answer as it likes, but must go on. */
  async frames(bytes: Uint8Array): Promise<string> {
    const session = connect(`http://127.0.0.1:${this.#port}`);
    session.on('error', () => {});
    const headers = { ':path': DO_PUT, ':method': 'POST', te: 'trailers', 'content-type': 'application/grpc' };
    const stream = session.request(headers);
    const answered = new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer in ${CALL_MS_MAX} ms`)), CALL_MS_MAX);
      let status = '';
      stream.on('trailers', (trailers) => {
        status = String(trailers['grpc-status']);
      });
      stream.on('response', (response) => {
        if (response['grpc-status'] !== undefined) status = String(response['grpc-status']);
      });
      stream.on('error', () => {});
      stream.on('close', () => {
        clearTimeout(timer);
        resolve(status);
      });
    });
    stream.resume();
    stream.end(bytes);
    try {
      const status = await answered;
      this.check();
      return status === '0' ? '' : `status ${status}`;
    } finally {
      if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
      session.destroy();
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#raw.close();
    await this.#watching;
    await this.#witness.close();
    if (this.#process.exitCode === null) {
      this.#process.disconnect();
      await once(this.#process, 'exit');
    }
  }

  /** One long stream: a batch goes, the same batch has to come back, again and again. */
  async #watch(): Promise<void> {
    let answered = Promise.withResolvers<void>();
    const { signal } = this.#stop;
    async function* batches(): AsyncGenerator<FlightMessage> {
      for (let i = 0; !signal.aborted; i++) {
        yield { batch: sampleBatch(10, i) };
        await answered.promise;
        answered = Promise.withResolvers();
      }
    }
    for await (const { batch } of this.#witness.doExchange(batches(), { signal })) {
      if (!batch) continue;
      const expected = BigInt(this.#echoes);
      if (batch.numRows !== 10 || batch.getChildAt(0)!.get(0) !== expected)
        throw new Error(`not the batch that was sent`);
      this.#echoes++;
      setImmediate(answered.resolve);
    }
  }
}
