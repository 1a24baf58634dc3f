import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../bench/shop/random.ts';
import type { Cluster, ProcessName } from '../system/cluster.ts';

/** One thing done to a process, or to all at once: killed and started again after a while, or frozen and let go on. */
export interface Blow {
  readonly kind: 'kill' | 'freeze';
  readonly processes: readonly ProcessName[];
  /** Pause before it. */
  readonly afterMs: number;
  /** How long they are away. */
  readonly awayMs: number;
  /** Whether the next blow waits until they are ready again. */
  readonly waits: boolean;
}

/** What is done, from a seed: kills as many as asked for, one in twelve of everything at once, and some freezes. */
export function planBlows(seed: number, kills: number, processes: readonly ProcessName[]): Blow[] {
  const random = createRandom(seed);
  const blows: Blow[] = [];
  for (let killed = 0; killed < kills; ) {
    const kind = random.chance(0.2) ? 'freeze' : 'kill';
    if (kind === 'kill') killed++;
    const isOutage = kind === 'kill' && random.chance(1 / 12);
    blows.push({
      kind,
      processes: isOutage ? processes : [random.pick(processes)],
      afterMs: random.chance(0.2) ? random.between(0, 50) : random.between(50, 2_500),
      awayMs: kind === 'kill' ? (random.chance(0.5) ? 0 : random.between(0, 3_000)) : random.between(200, 6_000),
      waits: random.chance(0.6),
    });
  }
  return blows;
}

/** A process that ends without being hit. */
export type OnCrash = (process: ProcessName, exitCode: number) => void;

/** Tells of the end of a process's present run, if it isn't our doing. */
export function watchForCrash(cluster: Cluster, name: ProcessName, onCrash: OnCrash): void {
  // Killed by us, it has no exit code.
  cluster.process(name).exited.then((code) => code !== null && onCrash(name, code));
}

/** Delivers the blows one after another; each process is running again, though maybe not ready, when this resolves. */
export async function deliver(
  blows: readonly Blow[],
  cluster: Cluster,
  onBlow: (blow: Blow, index: number) => void,
  onCrash: OnCrash,
): Promise<void> {
  const away: Promise<unknown>[] = [];
  const busy = new Set<ProcessName>();
  for (const [index, blow] of blows.entries()) {
    await sleep(blow.afterMs);
    // One that is still away can't be hit; its next start is waited for.
    while (blow.processes.some((name) => busy.has(name))) await sleep(20);
    onBlow(blow, index);
    const strikes = blow.processes.map(async (name) => {
      busy.add(name);
      await strike(blow, name, cluster, onCrash).finally(() => busy.delete(name));
    });
    const back = Promise.all(strikes);
    // What it rejects with is told at the end, also where the next blow doesn't wait for it.
    back.catch(() => undefined);
    away.push(back);
    if (blow.waits) await back;
  }
  await Promise.all(away);
}

/** How long a killed process may take to be ready while others are away as well. */
const readyMsMax = 90_000;

async function strike(blow: Blow, name: ProcessName, cluster: Cluster, onCrash: OnCrash): Promise<void> {
  const process = cluster.process(name);
  if (blow.kind === 'freeze') {
    process.signal('SIGSTOP');
    await sleep(blow.awayMs);
    process.signal('SIGCONT');
    return;
  }
  await process.kill('SIGKILL');
  await sleep(blow.awayMs);
  process.start();
  watchForCrash(cluster, name, onCrash);
  if (blow.waits) await process.ready(readyMsMax);
}
