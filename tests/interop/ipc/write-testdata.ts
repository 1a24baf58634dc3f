// Writes packages/flight/testdata/{pyarrow,go,java,rust}.json.gz anew: one form of each stream, for tests that need Node alone.
// Run with: node tests/interop/ipc/write-testdata.ts
import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { goImplementation, javaImplementation, pyarrowImplementation, rustImplementation } from './implementations.ts';

const context = { cacheDir: join(homedir(), '.cache', 'signaldb', 'interop'), log: console.log };
const folder = join(import.meta.dirname, '../../../packages/flight/testdata');

for (const [name, open] of Object.entries({
  pyarrow: pyarrowImplementation,
  go: goImplementation,
  java: javaImplementation,
  rust: rustImplementation,
})) {
  const streams = await (await open(context)).write(false);
  const bytes = gzipSync(JSON.stringify(streams), { level: 9 });
  await writeFile(join(folder, `${name}.json.gz`), bytes);
  console.log(`${name}: ${streams.length} streams in ${bytes.length} bytes`);
}
