import { Worker } from 'node:worker_threads';
import type { RowJob, RowNews } from './row-thread.ts';

/** Threads that are kept for the next query; further ones are ended when they were idle for a while. */
const keptMax = 2;
/** Starting a thread costs as much as tens of small queries: at many queries at once none may be ended between two of them. */
const idleMs = 10_000;

/** The threads of the SQL process that run queries, one at a time each. */
export class RowThreads {
  readonly #idle: Worker[] = [];

  /** Starts a thread before it is needed: the first query needn't wait for it. */
  warm(): void {
    if (this.#idle.length === 0) this.#idle.push(start());
  }

  /** Runs a query; resolves when it is over, however it ended. Rejects where the thread itself ended. */
  async run(job: RowJob, onNews: (news: RowNews) => void): Promise<void> {
    const worker = this.#idle.pop() ?? start();
    await new Promise<void>((resolve, reject) => {
      const onMessage = (news: RowNews): void => {
        if (news.type === 'over') {
          worker.off('message', onMessage);
          worker.off('error', onError);
          this.#rest(worker);
          resolve();
        }
        onNews(news);
      };
      const onError = (error: Error): void => reject(error);
      worker.on('message', onMessage);
      worker.on('error', onError);
      worker.postMessage(job);
    });
  }

  #rest(worker: Worker): void {
    this.#idle.push(worker);
    if (this.#idle.length > keptMax) setTimeout(() => this.#trim(), idleMs).unref();
  }

  /** The newest is taken first, so the oldest is the one that wasn't needed. */
  #trim(): void {
    if (this.#idle.length > keptMax) void this.#idle.shift()!.terminate();
  }
}

function start(): Worker {
  const file = import.meta.url.endsWith('.ts') ? './row-thread.ts' : './row-thread.js';
  return new Worker(new URL(file, import.meta.url));
}
