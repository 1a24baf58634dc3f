import type { Logger } from './logger.ts';

/** What has to be closed, in the order opposite to opening. */
export interface Shutdown {
  /** Registers a step; the last registered is closed first. Returns what it was given, so that it can wrap a creation. */
  add<T extends { close(): unknown }>(name: string, resource: T): T;
  /** Runs all steps once; further calls wait for the first. A failing or late step is logged and doesn't stop the others. */
  run(): Promise<void>;
}

export interface ShutdownOptions {
  readonly logger: Logger;
  /** For all steps together; what isn't closed by then is left. */
  readonly timeoutMs?: number;
}

export function createShutdown({ logger, timeoutMs = 9000 }: ShutdownOptions): Shutdown {
  const steps: { name: string; close: () => unknown }[] = [];
  let running: Promise<void> | undefined;

  async function runAll(): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (let step = steps.pop(); step; step = steps.pop()) {
      const startedAt = performance.now();
      try {
        const closed = await within(step.close(), deadline - startedAt);
        if (closed) logger.debug({ step: step.name, durationMs: Math.round(performance.now() - startedAt) }, 'closed');
        else logger.error({ step: step.name, timeoutMs }, 'did not close in time');
      } catch (error) {
        logger.error({ err: error, step: step.name }, 'closing failed');
      }
    }
  }

  return {
    add(name, resource) {
      steps.push({ name, close: () => resource.close() });
      return resource;
    },
    run: () => (running ??= runAll()),
  };
}

/** Waits for a result for a while. @returns false if it took longer */
async function within(result: unknown, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, timeoutMs), false);
  });
  try {
    return await Promise.race([Promise.resolve(result).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
