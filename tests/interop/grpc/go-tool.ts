import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
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
