import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../bench/shop/random.ts';
import type { Database } from './database.ts';
import { describe, type Fault } from './faults.ts';
import type { Ledger } from './ledger.ts';

export interface LiveChecks {
  readonly faults: readonly Fault[];
  /** Questions that were answered, and those that the database couldn't answer just then. */
  readonly answered: number;
  readonly refused: number;
  /** Why, with how often. */
  readonly reasons: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/**
 * Asks while processes come and go: an answer may be refused, but one that is given has to be right. Whatever was
 * acknowledged before the question has to be in it, and nothing twice.
 */
export function startLiveChecks(database: Database, ledger: Ledger, random: Random): LiveChecks {
  const faults: Fault[] = [];
  const reasons = new Map<string, number>();
  let [answered, refused, isStopped] = [0, 0, false];

  const checkCount = async () => {
    const before = ledger.acknowledgedSpans;
    const { spans, distinct } = await database.count();
    const at = new Date().toISOString().slice(11, 23);
    if (spans !== distinct) faults.push(`at ${at}: ${spans} spans with only ${distinct} ids`);
    if (spans < before) faults.push(`at ${at}: ${spans} spans, though ${before} were acknowledged before the question`);
    if (distinct > ledger.sentSpans)
      faults.push(`at ${at}: ${distinct} span ids, though only ${ledger.sentSpans} were sent`);
  };

  const checkTrace = async () => {
    // Mostly one of the newest, which is in the hot files.
    const count = ledger.requests.length;
    const oldest = random.chance(0.7) ? Math.max(0, count - 50) : 0;
    const request = ledger.requests[random.between(oldest, count - 1)];
    if (request?.state !== 'acknowledged') return;
    const [traceId, wanted] = random.pick([...request.traces]);
    const found = await database.trace(traceId);
    const where = `trace ${traceId} of ${describe(request)}, asked at ${new Date().toISOString().slice(11, 23)}`;
    if (new Set(found).size < found.length)
      faults.push(`${found.length - new Set(found).size} spans come twice: ${where}`);
    if (new Set(found).size < wanted) faults.push(`${new Set(found).size} of ${wanted} spans come: ${where}`);
  };

  const repeat = async (check: () => Promise<void>, pauseMs: number) => {
    while (!isStopped) {
      await sleep(pauseMs);
      if (ledger.requests.length === 0) continue;
      try {
        await check();
        answered++;
      } catch (error) {
        refused++;
        const reason = reasonOf(error as Error);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    }
  };
  const done = Promise.all([repeat(checkCount, 1_000), repeat(checkTrace, 200)]);
  return {
    faults,
    reasons,
    get answered() {
      return answered;
    },
    get refused() {
      return refused;
    },
    async stop() {
      isStopped = true;
      await done;
    },
  };
}

/** Alike for the same cause: without ports, ids and times. */
function reasonOf(error: Error): string {
  return error.message
    .replace(/[0-9a-f]{8,}(-[0-9a-f]+)*/g, '…')
    .replace(/\d+/g, 'N')
    .slice(0, 160);
}
