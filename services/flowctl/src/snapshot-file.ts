import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { StartupError } from '@signaldb/runtime';
import { type FlowState, initialState } from './state/state.ts';
import { stateFromJson, stateToJson } from './state/state-json.ts';

/** The state after all commands up to and including this LSN. */
export interface Snapshot {
  readonly lsn: number;
  readonly state: FlowState;
}

const magic = 'signaldb-flowctl-snapshot 1';
const pattern = /^snapshot-(\d{16})$/;
/** The one before the newest stays, and the journal from it on: a snapshot that can't be read costs nothing then. */
const kept = 2;

/**
 * Writes a snapshot so that it is there whole or not at all.
 * File: one line `signaldb-flowctl-snapshot 1 <lsn> <CRC-32 of the rest, hex>`, then the state as JSON.
 * @returns the LSN through which the journal isn't needed any more
 */
export async function writeSnapshot(dir: string, { lsn, state }: Snapshot): Promise<number> {
  const body = Buffer.from(stateToJson(state));
  const file = join(dir, `snapshot-${String(lsn).padStart(16, '0')}`);
  await writeDurably(
    `${file}.tmp`,
    Buffer.concat([Buffer.from(`${magic} ${lsn} ${crc32(body).toString(16)}\n`), body]),
  );
  await rename(`${file}.tmp`, file);
  await syncFolder(dir);
  const names = await snapshotNames(dir);
  for (const old of names.slice(kept)) await rm(join(dir, old));
  return names.length < kept ? 0 : lsnOf(names[kept - 1]!);
}

/** The newest snapshot that can be read; the initial state where there is none. @throws StartupError where none of several can be read */
export async function readSnapshot(dir: string, onBroken: (file: string, why: string) => void): Promise<Snapshot> {
  const names = await snapshotNames(dir);
  for (const name of names) {
    const file = join(dir, name);
    try {
      return { lsn: lsnOf(name), state: parseSnapshot(await readFile(file)) };
    } catch (error) {
      onBroken(file, (error as Error).message);
    }
  }
  if (names.length > 0)
    throw new StartupError('FOLDER_INVALID', `No snapshot in ${dir} can be read. Restore the folder from a backup.`);
  return { lsn: 0, state: initialState };
}

function parseSnapshot(bytes: Buffer): FlowState {
  const end = bytes.indexOf('\n');
  const header = bytes.subarray(0, Math.max(0, end)).toString('latin1');
  if (!header.startsWith(`${magic} `)) throw new Error('not a snapshot');
  const body = bytes.subarray(end + 1);
  if (crc32(body).toString(16) !== header.split(' ')[3]) throw new Error('the checksum does not match');
  return { ...initialState, ...stateFromJson(body.toString('utf8')) };
}

async function snapshotNames(dir: string): Promise<string[]> {
  return (await readdir(dir))
    .filter((name) => pattern.test(name))
    .sort()
    .reverse();
}

const lsnOf = (name: string) => Number(pattern.exec(name)![1]);

async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  await using handle = await open(file, 'w');
  await handle.writeFile(bytes);
  await handle.sync();
}

async function syncFolder(dir: string): Promise<void> {
  await using handle = await open(dir, 'r');
  await handle.sync();
}
