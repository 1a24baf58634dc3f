import { setTimeout as sleep } from 'node:timers/promises';
import { makeTraceRequests } from '../../bench/spans.ts';
import type { Ledger } from './ledger.ts';
import { createOtlpCaller } from './otlp-call.ts';

export interface Load {
  /** Sends no more; resolves when every call under way has ended. */
  stop(): Promise<void>;
}

const spansPerRequest = 50;

/** Calls at once; where all wait for an answer, nothing more is sent. */
const callsMax = 32;

/** After a failure: the process is most likely down. */
const pauseMs = 20;

/** Sends spans at a steady rate as long as they are taken, each once, and notes in the ledger what became of them. */
export function startLoad(options: {
  readonly port: number;
  readonly spansPerSecond: number;
  readonly seed: number;
  readonly ledger: Ledger;
}): Load {
  const { port, spansPerSecond, seed, ledger } = options;
  const callers = Array.from({ length: 4 }, () => createOtlpCaller(port));
  const bodies = makeTraceRequests({
    requests: Number.MAX_SAFE_INTEGER,
    spansPerRequest,
    spansPerSecond,
    seed,
    startTimeNs: BigInt(Date.now()) * 1_000_000n,
  });
  const underWay = new Set<Promise<void>>();
  let isStopped = false;

  const sendNext = async () => {
    const body = bodies.next().value!;
    const request = ledger.send(body);
    const isAcknowledged = await callers[request.number % callers.length]!.export(body);
    ledger.settle(request, isAcknowledged ? 'acknowledged' : 'unknown');
    if (!isAcknowledged) await sleep(pauseMs);
  };

  const run = async () => {
    const intervalMs = (1000 * spansPerRequest) / spansPerSecond;
    let due = performance.now();
    while (!isStopped) {
      if (underWay.size >= callsMax) await Promise.race(underWay);
      const call: Promise<void> = sendNext().finally(() => underWay.delete(call));
      underWay.add(call);
      due = Math.max(due + intervalMs, performance.now() - 500);
      const waitMs = due - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      else await sleep(0);
    }
    await Promise.all(underWay);
  };
  const done = run();
  return {
    async stop() {
      isStopped = true;
      await done;
      for (const caller of callers) caller.close();
    },
  };
}
