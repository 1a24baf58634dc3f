import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Platforms for which `@duckdb/node-bindings` ships the C library, and the file's name there. */
const libraryFiles: Readonly<Record<string, string>> = {
  'linux-x64': 'libduckdb.so',
  'linux-arm64': 'libduckdb.so',
  'linux-x64-musl': 'libduckdb.so',
  'linux-arm64-musl': 'libduckdb.so',
  'darwin-x64': 'libduckdb.dylib',
  'darwin-arm64': 'libduckdb.dylib',
  'win32-x64': 'duckdb.dll',
  'win32-arm64': 'duckdb.dll',
};

/**
 * The C library's path, found as Node finds the packages: `@duckdb/node-api` → `@duckdb/node-bindings` →
 * `@duckdb/node-bindings-<platform>`, each resolved from the one before, so that it works with strict package managers too.
 * @throws Error that names the platform when there is no library for it.
 */
export function findLibrary(platform: string = currentPlatform()): string {
  const file = libraryFiles[platform];
  if (file === undefined) {
    throw new Error(`no DuckDB library for ${platform}; there is one for ${Object.keys(libraryFiles).join(', ')}`);
  }
  const api = createRequire(import.meta.url).resolve('@duckdb/node-api');
  const bindings = createRequire(api).resolve('@duckdb/node-bindings/package.json');
  const name = `@duckdb/node-bindings-${platform}`;
  let folder: string;
  try {
    folder = dirname(createRequire(bindings).resolve(`${name}/package.json`));
  } catch (cause) {
    throw new Error(`the package ${name} is not installed (optional dependencies were left out?)`, { cause });
  }
  const path = join(folder, file);
  if (!existsSync(path)) throw new Error(`${path} is missing from the package ${name}`);
  return path;
}

function currentPlatform(): string {
  const base = `${process.platform}-${process.arch}`;
  return process.platform === 'linux' && !runsOnGlibc() ? `${base}-musl` : base;
}

function runsOnGlibc(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime !== undefined;
}
