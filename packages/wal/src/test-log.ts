import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from './log.ts';
import { openLog } from './open-log.ts';
import type { LogOptions } from './options.ts';
import type { LogRecord } from './record.ts';

/** A temporary folder whose logs (without fsync, unless asked for) are closed and whose files are removed with it. */
export async function temporaryLogs() {
  const dir = await mkdtemp(join(tmpdir(), 'wal-'));
  const opened: Log[] = [];
  return {
    dir,
    open: async (options: Partial<LogOptions> = {}): Promise<Log> => {
      const log = await openLog({ dir, fsync: false, ...options });
      opened.push(log);
      return log;
    },
    segments: async () => (await readdir(dir)).filter((name) => name.endsWith('.wal')).sort(),
    remove: async () => {
      for (const log of opened) await log.close().catch(() => {});
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export async function readAll(log: Log, fromLsn = 1): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of log.read(fromLsn)) records.push(record);
  return records;
}

export async function texts(log: Log, fromLsn = 1): Promise<string[]> {
  return (await readAll(log, fromLsn)).map((record) => `${record.lsn}:${Buffer.from(record.payload).toString()}`);
}

export function payload(text: string): { kind: number; tenant: string; payload: Uint8Array } {
  return { kind: 1, tenant: 'default', payload: Buffer.from(text) };
}
