import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { ForeignStream } from './foreign-stream.ts';

/** Implementations whose streams are kept in testdata; tests/interop/ipc/write-testdata.ts wrote them. */
export const goldenWriters = ['pyarrow', 'go', 'java', 'rust'] as const;

export function goldenStreams(writer: (typeof goldenWriters)[number]): ForeignStream[] {
  const file = readFileSync(new URL(`../../testdata/${writer}.json.gz`, import.meta.url));
  return JSON.parse(gunzipSync(file).toString());
}
