// What a process used, from Linux's /proc.
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** CPU seconds (user and system) of a whole process, or by thread name. */
export interface CpuUsage {
  readonly total: number;
  readonly byThread: ReadonlyMap<string, number>;
}

export function cpuOf(pid: number): CpuUsage {
  const byThread = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const { name, seconds } = statOf(`/proc/${pid}/task/${thread}/stat`, thread === String(pid));
    byThread.set(name, (byThread.get(name) ?? 0) + seconds);
  }
  return { total: statOf(`/proc/${pid}/stat`, false).seconds, byThread };
}

function statOf(path: string, isMain: boolean): { name: string; seconds: number } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { name: 'ended', seconds: 0 }; // a thread that ended while we looked
  }
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const name = isMain ? 'main' : text.slice(text.indexOf('(') + 1, close);
  return { name, seconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond };
}

/** The most memory that the process has had resident, in bytes. */
export function peakMemoryOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}
