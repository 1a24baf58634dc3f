import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A process that prints lines and may be sent lines. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface(this.#child.stdout!)[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the process ended');
    return value;
  }

  async ask<T>(task: object): Promise<T> {
    this.#child.stdin!.write(`${JSON.stringify(task)}\n`);
    return JSON.parse(await this.line()) as T;
  }

  stop(): void {
    this.#child.kill();
  }
}
