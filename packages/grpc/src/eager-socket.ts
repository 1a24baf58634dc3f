import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** More than the flow-control windows of a peer let be on its way. */
const WAITING_BYTES_MAX = 16 << 20;

/**
 * A socket that takes what is written to it at once, and holds what its kernel doesn't take yet. Node's HTTP/2 doesn't
 * read while a write waits for the kernel: two Node processes that both write more than the socket holds would wait for
 * each other for ever. A Unix socket holds some 200 KB; TCP's buffers grow with what flows.
 */
export class EagerSocket extends Duplex {
  readonly #socket: Socket;
  #waiting: ((error?: Error) => void) | undefined;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('drain', () => this.#proceed());
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error) => void): void {
    this.#socket.cork();
    for (const { chunk } of chunks) this.#socket.write(chunk);
    this.#socket.uncork();
    this.#whenTaken(callback);
  }

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error) => void): void {
    this.#socket.write(chunk);
    this.#whenTaken(callback);
  }

  override _final(callback: () => void): void {
    this.#socket.end(callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#socket.destroy();
    this.#proceed(error ?? new Error('The connection was closed'));
    callback(error);
  }

  #whenTaken(callback: (error?: Error) => void): void {
    if (this.#socket.writableLength <= WAITING_BYTES_MAX) callback();
    else this.#waiting = callback;
  }

  #proceed(error?: Error): void {
    const proceed = this.#waiting;
    this.#waiting = undefined;
    proceed?.(error);
  }
}
