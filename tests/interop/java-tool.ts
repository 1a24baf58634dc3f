import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A jar from Maven's central repository (`group:artifact:version`), fetched once into the cache folder. */
export async function mavenJar(cacheDir: string, artifact: string, log: (line: string) => void): Promise<string> {
  const [, name, version] = artifact.split(':');
  const jar = join(cacheDir, 'jars', `${name}-${version}.jar`);
  if (existsSync(jar)) return jar;
  log(`fetching ${basename(jar)} (once)`);
  await mkdir(join(cacheDir, 'jars'), { recursive: true });
  const goal = ['dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${join(cacheDir, 'jars')}`];
  await execute('mvn', ['-q', '-B', ...goal], { timeout: 300_000 });
  return jar;
}

/** Runs a single Java source file with a jar; gives its output, throws with its errors. */
export async function runJava(jar: string, source: string, args: readonly string[]): Promise<string> {
  const options = ['--add-opens=java.base/java.nio=ALL-UNNAMED', '-cp', jar, source, ...args];
  const { stdout } = await execute('java', options, { timeout: 180_000, maxBuffer: 16 << 20 });
  return stdout;
}
