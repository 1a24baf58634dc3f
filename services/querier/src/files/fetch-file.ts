import { createWriteStream } from 'node:fs';
import { copyFile, link, readFile, rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { FlightClients } from '@signaldb/component';
import { GrpcError, Status } from '@signaldb/grpc';
import { type ObjectStore, ObjectStoreError } from '@signaldb/object-store';
import type { FileSource } from './table-file.ts';

const fetchTimeoutMs = 60_000;

/** What files are fetched from. */
export interface FileOrigins {
  readonly store: ObjectStore;
  readonly clients: Pick<FlightClients, 'get'>;
}

/**
 * Brings a file to a local path, where it appears whole or not at all. A file of the same machine is linked, so that it stays when its
 * owner deletes it; else it is copied. Answers its size in bytes.
 */
export async function fetchFile(origins: FileOrigins, source: FileSource, to: string): Promise<number> {
  const local = localPathOf(source);
  if (local !== undefined && (await linkOrCopy(local, to))) return (await stat(to)).size;
  if (source.kind === 'object') {
    await origins.store.download(origins.store.keyOf(source.uri), to);
  } else {
    const part = `${to}.part`;
    try {
      await pipeline(Readable.from(hotFileChunks(origins, source)), createWriteStream(part));
      await rename(part, to);
    } finally {
      await rm(part, { force: true });
    }
  }
  return (await stat(to)).size;
}

/** Whether an error says that a file isn't there, or no longer. */
export function isFileGone(error: unknown): boolean {
  if (error instanceof ObjectStoreError) return error.code === 'NOT_FOUND';
  return error instanceof GrpcError && error.code === Status.NOT_FOUND;
}

/** A small file's bytes. */
export async function readWhole(origins: FileOrigins, source: FileSource): Promise<Uint8Array> {
  if (source.kind === 'object') return origins.store.get(origins.store.keyOf(source.uri));
  try {
    return await readFile(source.path);
  } catch {
    const chunks: Uint8Array[] = [];
    for await (const chunk of hotFileChunks(origins, source)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
}

function localPathOf(source: FileSource): string | undefined {
  if (source.kind === 'hot') return source.path;
  // Object URIs aren't percent-encoded, so that a URL parser would take a `%` or `#` in a name for something else.
  return source.uri.startsWith('file:///') ? fileURLToPath(encodedFileUrl(source.uri)) : undefined;
}

function encodedFileUrl(uri: string): string {
  return `file://${uri.slice('file://'.length).split('/').map(encodeURIComponent).join('/')}`;
}

async function linkOrCopy(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return true;
    if (code === 'ENOENT' || code === 'EACCES') return false;
  }
  // Another file system, or one without links.
  const part = `${to}.part`;
  try {
    await copyFile(from, part);
    await rename(part, to);
    return true;
  } catch (error) {
    await rm(part, { force: true });
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function hotFileChunks({ clients }: FileOrigins, source: FileSource & { kind: 'hot' }): AsyncIterable<Uint8Array> {
  const body = Buffer.from(JSON.stringify({ name: source.name }));
  return clients.get(source.location).doAction({ type: 'fetch_hot_file', body }, { timeoutMs: fetchTimeoutMs });
}
