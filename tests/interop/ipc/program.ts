import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Implementation } from './implementation.ts';

const run = promisify(execFile);

/** An implementation whose program is started as `command …args write [all]` or `command …args read FILE` and prints JSON. */
export function programImplementation(name: string, command: string, args: readonly string[]): Implementation {
  const execute = async (...more: string[]) => {
    const { stdout } = await run(command, [...args, ...more], { timeout: 300_000, maxBuffer: 1 << 30 });
    return JSON.parse(stdout);
  };
  return {
    name,
    write: (all) => execute('write', ...(all ? ['all'] : [])),
    async read(streams) {
      const folder = await mkdtemp(join(tmpdir(), 'signaldb-ipc-'));
      try {
        await writeFile(join(folder, 'streams.json'), JSON.stringify(streams));
        return await execute('read', join(folder, 'streams.json'));
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  };
}
