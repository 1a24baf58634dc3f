/** Says why it isn't ready yet; nothing when it is. Throwing means not ready, too. */
export type ReadinessCheck = () => string | undefined | Promise<string | undefined>;

export interface ReadinessReport {
  readonly ready: boolean;
  /** Per check `ok`, or the reason. */
  readonly checks: Record<string, string>;
}

/** Named checks that together say whether a service can do its work now. */
export interface Readiness {
  /** Adds a check; the function returned takes it away. */
  add(name: string, check: ReadinessCheck): () => void;
  report(): Promise<ReadinessReport>;
}

/** @param timeoutMs a check that takes longer counts as failed */
export function createReadiness({ timeoutMs = 2000 } = {}): Readiness {
  const checks = new Map<string, ReadinessCheck>();
  return {
    add(name, check) {
      checks.set(name, check);
      return () => {
        if (checks.get(name) === check) checks.delete(name);
      };
    },
    async report() {
      const entries = await Promise.all(
        [...checks].map(async ([name, check]) => [name, await outcome(check, timeoutMs)] as const),
      );
      return { ready: entries.every(([, text]) => text === 'ok'), checks: Object.fromEntries(entries) };
    },
  };
}

async function outcome(check: ReadinessCheck, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, `no answer within ${timeoutMs} ms`);
  });
  try {
    return (await Promise.race([check(), late])) ?? 'ok';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
