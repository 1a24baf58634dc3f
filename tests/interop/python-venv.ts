import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Venv {
  /** The interpreter's path. */
  readonly python: string;
  /** Runs a script and gives the JSON object that its last line of output is. Throws with the script's errors. */
  run(
    script: string,
    args: readonly string[],
    options?: { readonly timeoutMs?: number },
  ): Promise<Record<string, unknown>>;
}

/** A Python environment with exactly these packages, made once in the cache folder and used again afterwards. */
export async function pythonVenv(
  cacheDir: string,
  packages: readonly string[],
  log: (line: string) => void,
): Promise<Venv> {
  const key = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  const folder = join(cacheDir, `venv-${key}`);
  const python = join(folder, 'bin', 'python');
  if (!existsSync(python)) await make(folder, packages, log);
  return {
    python,
    run: async (script, args, options) => {
      const lines = await execute(python, [script, ...args], options?.timeoutMs ?? 120_000);
      return JSON.parse(lines.at(-1) ?? '{}');
    },
  };
}

/** Made beside its place first, and then moved (the interpreter finds its packages relative to itself). */
async function make(folder: string, packages: readonly string[], log: (line: string) => void): Promise<void> {
  const draft = `${folder}.${process.pid}`;
  log(`making a Python environment with ${packages.join(', ')} (once)`);
  await mkdir(draft, { recursive: true });
  try {
    await execute('python3', ['-m', 'venv', draft], 120_000);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
    await execute(join(draft, 'bin', 'python'), pip, 600_000);
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function execute(command: string, args: readonly string[], timeoutMs: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    // Modules beside a script are not compiled into its folder, which is the repository.
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    const lines: string[] = [];
    const errors: string[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(line));
    createInterface(child.stderr).on('line', (line) => errors.push(line));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(lines);
      const ending = signal ? `was ended by ${signal}` : `exit code ${code}`;
      return reject(new Error(`${command} ${args.join(' ')}: ${ending}\n${errors.slice(-30).join('\n')}`));
    });
  });
}
