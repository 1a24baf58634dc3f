import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../bench/shop/random.ts';
import type { Cluster, ProcessName } from '../system/cluster.ts';

/** One thing done to a process: killed and started again after a while, or frozen and let go on. */
export interface Blow {
  readonly kind: 'kill' | 'freeze';
  readonly process: ProcessName;
  /** Pause before it. */
  readonly afterMs: number;
  /** How long the process is away. */
  readonly awayMs: number;
  /** Whether the next blow waits until this process is ready again. */
  readonly waits: boolean;
}

/** What is done, from a seed: kills as many as asked for, and about one freeze for every four of them. */
export function planBlows(seed: number, kills: number, processes: readonly ProcessName[]): Blow[] {
  const random = createRandom(seed);
  const blows: Blow[] = [];
  for (let killed = 0; killed < kills; ) {
    const kind = random.chance(0.2) ? 'freeze' : 'kill';
    if (kind === 'kill') killed++;
    blows.push({
      kind,
      process: random.pick(processes),
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
  const away: Promise<void>[] = [];
  const busy = new Set<ProcessName>();
  for (const [index, blow] of blows.entries()) {
    await sleep(blow.afterMs);
    // One that is still away can't be hit; its next start is waited for.
    while (busy.has(blow.process)) await sleep(20);
    onBlow(blow, index);
    busy.add(blow.process);
    const back = strike(blow, cluster, onCrash).finally(() => busy.delete(blow.process));
    away.push(back);
    if (blow.waits) await back;
  }
  await Promise.all(away);
}

/** How long a killed process may take to be ready while others are away as well. */
const readyMsMax = 90_000;

async function strike({ kind, process: name, awayMs, waits }: Blow, cluster: Cluster, onCrash: OnCrash): Promise<void> {
  const process = cluster.process(name);
  if (kind === 'freeze') {
    process.signal('SIGSTOP');
    await sleep(awayMs);
    process.signal('SIGCONT');
    return;
  }
  await process.kill('SIGKILL');
  await sleep(awayMs);
  process.start();
  watchForCrash(cluster, name, onCrash);
  if (waits) await process.ready(readyMsMax);
}
