import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The writer's id in the cluster, kept in its data folder. */
export async function writerIdentity(dataDir: string): Promise<string> {
  const path = join(dataDir, 'identity');
  const known = (await readFile(path, 'utf8').catch(() => '')).trim();
  if (known !== '') return known;
  const id = `writer-${randomUUID()}`;
  await mkdir(dataDir, { recursive: true });
  await writeFile(path, `${id}\n`);
  return id;
}
