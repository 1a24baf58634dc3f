import { setTimeout as sleep } from 'node:timers/promises';
import { commitTable } from './commit.ts';
import { cutBytes } from './cut.ts';
import type { TableSet } from './table-set.ts';
import type { TableWriter } from './table-writer.ts';
import type { WriterContext } from './writer-context.ts';

/** Commits of different tables that run at once. */
const commitsMax = 4;
const tickMs = 50;

/** Cuts and commits what is due. */
export interface Schedule {
  /** Cuts and commits everything that has come; resolves when it is done. */
  flush(): Promise<void>;
  close(): void;
}

export function startSchedule(context: WriterContext, tables: TableSet, fail: (error: unknown) => void): Schedule {
  const { config, hotFiles } = context;
  const running = new Map<TableWriter, Promise<boolean>>();

  function isDue(table: TableWriter, now: number): boolean {
    let bytes = 0;
    for (const { cuts } of table.parts) {
      if (cuts[0] && now - cuts[0].madeAt >= config.commitIntervalMs) return true;
      for (const cut of cuts) bytes += cutBytes(cut);
    }
    return bytes >= config.commitBytesMin;
  }

  function commit(table: TableWriter): Promise<boolean> {
    const known = running.get(table);
    if (known) return known;
    const commit = commitTable(context, table).finally(() => running.delete(table));
    running.set(table, commit);
    return commit;
  }

  function tick(): void {
    const now = performance.now();
    for (const table of tables.all()) {
      table.cutAged(now);
      if (running.size < commitsMax && !running.has(table) && isDue(table, now)) {
        commit(table).catch((error) => {
          if (!context.stopping.aborted) fail(error);
        });
      }
    }
    hotFiles.sweep().catch(fail);
  }

  const timer = setInterval(tick, tickMs);

  return {
    async flush() {
      const flushTable = async (table: TableWriter) => {
        await table.flushToHotFiles();
        while (!table.isIdle) if (!(await commit(table))) await sleep(tickMs, undefined, { signal: context.stopping });
      };
      await Promise.all([...tables.all()].map(flushTable));
    },
    close: () => clearInterval(timer),
  };
}
