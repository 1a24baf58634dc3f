import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The path of a Go program, built once into the cache folder. Throws with the command that failed. */
export async function goTool(
  cacheDir: string,
  module: string,
  version: string,
  log: (line: string) => void,
): Promise<string> {
  const name = module.slice(module.lastIndexOf('/') + 1);
  const folder = join(cacheDir, 'go', `${module.replaceAll('/', '_')}@${version}`);
  const program = join(folder, name);
  if (existsSync(program)) return program;
  const command = `GOBIN=${folder} go install ${module}@${version}`;
  log(`building ${module}@${version} (once)`);
  await mkdir(folder, { recursive: true });
  try {
    await run('go', ['install', `${module}@${version}`], {
      env: { ...process.env, GOBIN: folder },
      maxBuffer: 64 << 20,
    });
  } catch (error) {
    throw new Error(`${module} could not be built; run: ${command}`, { cause: error });
  }
  return program;
}

/**
 * Builds every command of a folder's Go module (`examples/go`) into the cache folder; gives the folder of the programs,
 * which are named as their folders are. Built again only where a source, go.mod or go.sum has changed.
 */
export async function goPrograms(cacheDir: string, source: string, log: (line: string) => void): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await readdir(source, { recursive: true })).sort())
    if (/\.go$|go\.(mod|sum)$/.test(file)) hash.update(`${file}\n`).update(await readFile(join(source, file)));
  const folder = join(cacheDir, 'go', `${basename(source)}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  log(`building ${source} (once)`);
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  try {
    await run('go', ['build', '-o', draft, './...'], { cwd: source, maxBuffer: 64 << 20 });
    await rename(draft, folder);
  } catch (error) {
    throw new Error(`${source} could not be built; run there: go build ./...`, { cause: error });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}
