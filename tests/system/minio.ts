import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Client } from 'minio';
import { ServiceProcess } from './service-process.ts';

/** Keys of a MinIO that only this machine reaches. */
export const minioKeys = { accessKey: 'signaldb', secretKey: 'signaldb-local' };
export const minioBucket = 'signaldb';

/** Where a `minio` is installed: on the PATH, or in the cache folder of the tests. */
export function findMinio(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(homedir(), '.cache', 'signaldb', 'bin')];
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, 'minio'))
    .find((file) => existsSync(file));
}

/** A MinIO server in a folder; started, with the bucket made, by `startMinio`. */
export function minioProcess(options: {
  binary: string;
  dir: string;
  port: number;
  onLine?: (line: string) => void;
}): ServiceProcess {
  const { binary, dir, port, onLine } = options;
  mkdirSync(dir, { recursive: true });
  return new ServiceProcess({
    name: 'minio',
    command: binary,
    program: 'server',
    args: [dir, '--address', `127.0.0.1:${port}`, '--quiet'],
    cwd: dir,
    env: { MINIO_ROOT_USER: minioKeys.accessKey, MINIO_ROOT_PASSWORD: minioKeys.secretKey, MINIO_BROWSER: 'off' },
    readyUrl: `http://127.0.0.1:${port}/minio/health/live`,
    ...(onLine && { onLine }),
  });
}

export async function startMinio(minio: ServiceProcess, port: number): Promise<void> {
  minio.start();
  await minio.ready();
  const client = new Client({ endPoint: '127.0.0.1', port, useSSL: false, ...minioKeys });
  if (!(await client.bucketExists(minioBucket))) await client.makeBucket(minioBucket);
}
