import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDataFolder } from './data-folder.ts';
import type { StartupError } from './startup-error.ts';

let base: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'signaldb-folder-'));
  chmodSync(base, 0o777);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(base, { recursive: true, force: true });
});

const open = (dir: string) => openDataFolder({ dir, formatVersion: 1 });

function refusal(dir: string): StartupError {
  try {
    open(dir).close();
  } catch (error) {
    return error as StartupError;
  }
  throw new Error('was opened');
}

/** Another process that opens the folder: says so, and stays until it is killed; or says why not. */
function otherProcess(dir: string, options: { uid?: number } = {}) {
  const code = `import { openDataFolder } from ${JSON.stringify(new URL('./data-folder.ts', import.meta.url).href)};
    try { openDataFolder({ dir: ${JSON.stringify(dir)}, formatVersion: 1 }); gc(); console.log('open'); setInterval(() => {}, 1000); }
    catch (error) { console.log(error.code + ' ' + error.message); }`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
  children.push(child);
  return child;
}

async function firstLine(child: ReturnType<typeof otherProcess>): Promise<string> {
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
  return chunk.toString().trim();
}

describe('openDataFolder', () => {
  it('makes the folder, says its version, and opens it again', () => {
    const dir = join(base, 'a', 'b');
    const folder = open(dir);
    expect(readFileSync(join(dir, 'version'), 'utf8')).toBe('1\n');
    expect(folder.path('x', 'y')).toBe(join(dir, 'x', 'y'));
    folder.close();
    folder.close();
    open(dir).close();
  });

  it('is one holder’s at a time, also within a process', () => {
    const folder = open(base);
    expect(refusal(base)).toMatchObject({
      code: 'FOLDER_IN_USE',
      message: expect.stringContaining(`pid ${process.pid}`),
    });
    folder.close();
    open(base).close();
  });

  it('is refused while another process has it, and free once that was killed', async () => {
    const other = otherProcess(base);
    expect(await firstLine(other)).toBe('open');
    expect(refusal(base)).toMatchObject({
      code: 'FOLDER_IN_USE',
      message: expect.stringContaining(`pid ${other.pid}`),
    });
    other.kill('SIGKILL');
    await once(other, 'exit');
    open(base).close();
  });

  it.each([
    ['a newer format', '2\n', /format 2; this SignalDB reads format 1\. Run the newer SignalDB/],
    ['an older format', '0', /format 0; this SignalDB reads format 1\. Run the SignalDB that wrote it/],
    ['a broken version file', 'one', /doesn't say a format version/],
    ['an empty version file', '', /doesn't say a format version/],
  ])('refuses %s and lets go of the lock', (_what, text, message) => {
    writeFileSync(join(base, 'version'), text);
    expect(refusal(base)).toMatchObject({ code: 'FOLDER_VERSION', message: expect.stringMatching(message) });
    writeFileSync(join(base, 'version'), '1');
    open(base).close();
  });

  it.each(['file', join('file', 'below')])('refuses %s where a file is in the way', (name) => {
    writeFileSync(join(base, 'file'), '');
    expect(refusal(join(base, name)).code).toBe('FOLDER_INVALID');
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot('refuses a folder that the user may not write in', async () => {
    const dir = join(base, 'closed');
    mkdirSync(dir);
    chmodSync(dir, 0o755);
    const wanted =
      /^FOLDER_FORBIDDEN No permission to write in the data folder .*\. Give this user access to it, or choose another folder\.$/;
    expect(await firstLine(otherProcess(dir, { uid: 65534 }))).toMatch(wanted);
    expect(await firstLine(otherProcess(join(dir, 'new'), { uid: 65534 }))).toMatch(wanted);
  });
});
