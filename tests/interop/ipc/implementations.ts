import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pythonVenv } from '../python-venv.ts';
import type { SuiteContext } from '../suite.ts';
import type { Implementation } from './implementation.ts';
import { programImplementation } from './program.ts';

const run = promisify(execFile);
const interop = join(import.meta.dirname, '..');

/** pyarrow (C++), with what pandas, polars and DuckDB hand to it. */
export async function pyarrowImplementation({ cacheDir, log }: SuiteContext): Promise<Implementation> {
  const packages = ['pyarrow==26.0.1', 'pandas==3.1.1', 'polars==2.1.0', 'duckdb==2.0.0'];
  const { python } = await pythonVenv(cacheDir, packages, log);
  return programImplementation('pyarrow', python, [join(interop, 'python/ipc_streams.py')]);
}

/** Rust's Arrow (arrow-rs), called from Python. */
export async function rustImplementation({ cacheDir, log }: SuiteContext): Promise<Implementation> {
  const { python } = await pythonVenv(cacheDir, ['pyarrow==26.0.1', 'arro3-core==0.9.1', 'arro3-io==0.9.1'], log);
  return programImplementation("Rust's Arrow", python, [join(interop, 'python/ipc_rust.py')]);
}

/** Go's Arrow; the program is built once into the cache folder. */
export async function goImplementation({ cacheDir, log }: SuiteContext): Promise<Implementation> {
  const sources = join(interop, 'go/ipc');
  const hash = createHash('sha256');
  for (const file of (await readdir(sources)).sort()) hash.update(await readFile(join(sources, file)));
  const program = join(cacheDir, 'go', `ipc-${hash.digest('hex').slice(0, 12)}`);
  if (!existsSync(program)) {
    log('building the program with Go’s Arrow (once)');
    await mkdir(join(cacheDir, 'go'), { recursive: true });
    await run('go', ['build', '-o', `${program}.${process.pid}`, '.'], { cwd: sources, timeout: 600_000 });
    await rename(`${program}.${process.pid}`, program);
  }
  return programImplementation("Go's Arrow", program, []);
}

const javaVersion = '18.3.0';
const javaArtifacts = ['arrow-vector', 'arrow-memory-unsafe', 'arrow-compression'];

/** Java's Arrow; the jars are fetched once into the cache folder. */
export async function javaImplementation({ cacheDir, log }: SuiteContext): Promise<Implementation> {
  const jars = join(cacheDir, 'jars', `arrow-${javaVersion}`);
  if (!existsSync(jars)) {
    log(`fetching Java’s Arrow ${javaVersion} (once)`);
    await fetchJars(jars);
  }
  const options = ['--add-opens=java.base/java.nio=ALL-UNNAMED', '-cp', join(jars, '*')];
  return programImplementation("Java's Arrow", 'java', [...options, join(interop, 'java/IpcStreams.java')]);
}

/** The artifacts with all that they need, by a project made for that. */
async function fetchJars(folder: string): Promise<void> {
  const dependencies = javaArtifacts.map(
    (name) =>
      `<dependency><groupId>org.apache.arrow</groupId><artifactId>${name}</artifactId><version>${javaVersion}</version></dependency>`,
  );
  const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
    <groupId>signaldb</groupId><artifactId>ipc</artifactId><version>1</version><dependencies>${dependencies.join('')}</dependencies></project>`;
  await mkdir(join(folder, '..'), { recursive: true });
  const project = await mkdtemp(`${folder}.`);
  try {
    await writeFile(join(project, 'pom.xml'), pom);
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${join(project, 'jars')}`];
    await run('mvn', ['-q', '-B', '-f', join(project, 'pom.xml'), ...goal], { timeout: 300_000 });
    await rename(join(project, 'jars'), folder);
  } finally {
    await rm(project, { recursive: true });
  }
}
