import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@signaldb/runtime';
import { type EmbeddedMachine, openEmbeddedMachine } from './embedded-machine.ts';
import type { Command } from './state/command.ts';
import { stateToJson } from './state/state-json.ts';
import { exampleService } from './testing/example-service.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'signaldb-flowctl-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (snapshotEveryCommands = 1000): Promise<EmbeddedMachine> =>
  openEmbeddedMachine({ dir, logger: createLogger({ level: 'silent' }), snapshotEveryCommands, onFatal: () => {} });
const register = (id: string): Command => ({ type: 'register', info: exampleService(id), atMs: 1 });
const snapshots = () =>
  readdirSync(dir)
    .filter((name) => name.startsWith('snapshot-'))
    .sort();

/** Closes a machine and opens it again: the state must be the same. */
async function reopened(machine: EmbeddedMachine, every?: number): Promise<EmbeddedMachine> {
  const before = stateToJson(machine.state);
  await machine.close();
  const again = await open(every);
  expect(stateToJson(again.state)).toBe(before);
  return again;
}

describe('openEmbeddedMachine', () => {
  it('applies commands in order and answers each', async () => {
    const machine = await open();
    const outcomes = await Promise.all(['a', 'b', 'c'].map((id) => machine.propose(register(id))));
    expect(outcomes).toEqual([1, 2, 3].map((value) => ({ ok: true, value })));
    await machine.close();
  });

  it('answers a refusal, which changes nothing', async () => {
    const machine = await open();
    const outcome = await machine.propose({ type: 'drain-log', logId: 'x', epoch: 1 });
    expect(outcome).toMatchObject({ ok: false, code: 'NOT_FOUND' });
    await (await reopened(machine)).close();
  });

  it('has the same state after a restart, by journal and by snapshot', async () => {
    let machine = await open(10);
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 7; i++) await machine.propose(register(`${round}-${i}`));
      machine = await reopened(machine, 10);
    }
    expect(machine.state.services.size).toBe(28);
    expect(snapshots()).toHaveLength(2);
    await machine.close();
  });

  it('tells of changes, and only of changes', async () => {
    const machine = await open();
    const revisions: number[] = [];
    const stop = machine.onChange(({ revision }) => revisions.push(revision));
    await machine.propose(register('a'));
    await machine.propose({ type: 'unregister', serviceId: 'x' });
    stop();
    await machine.propose(register('b'));
    expect(revisions).toEqual([1]);
    await machine.close();
  });

  it('falls back to the snapshot before one that can’t be read', async () => {
    const machine = await open(5);
    for (let i = 0; i < 14; i++) await machine.propose(register(`s${i}`));
    await machine.close();
    const newest = join(dir, snapshots().at(-1)!);
    const bytes = readFileSync(newest);
    bytes[bytes.length - 5]! ^= 1;
    writeFileSync(newest, bytes);
    const again = await open(5);
    expect(again.state.services.size).toBe(14);
    await again.close();
  });

  it.each([
    ['no snapshot can be read', (name: string) => writeFileSync(join(dir, name), 'x'), /No snapshot in .* can be read/],
    [
      'the journal is missing',
      () => rmSync(join(dir, 'journal'), { recursive: true, force: true }),
      /something in between is missing/,
    ],
  ])('refuses to start where %s', async (_what, damage, message) => {
    const machine = await open(5);
    for (let i = 0; i < 12; i++) await machine.propose(register(`s${i}`));
    await machine.close();
    for (const name of snapshots()) damage(name);
    await expect(open()).rejects.toMatchObject({ code: 'FOLDER_INVALID', message: expect.stringMatching(message) });
  });

  it('refuses commands after it was closed', async () => {
    const machine = await open();
    await machine.close();
    await expect(machine.propose(register('a'))).rejects.toMatchObject({ code: 14 });
  });
});
