import { Worker } from 'node:worker_threads';
import type { RowJob, RowNews } from './row-thread.ts';

/** Threads that wait for a query; further ones are ended when they are done. */
const idleMax = 2;

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
    if (this.#idle.length < idleMax) this.#idle.push(worker);
    else void worker.terminate();
  }
}

function start(): Worker {
  const file = import.meta.url.endsWith('.ts') ? './row-thread.ts' : './row-thread.js';
  return new Worker(new URL(file, import.meta.url));
}
