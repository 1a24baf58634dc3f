import { createLocalStore } from './local-store.ts';
import { type ObjectStore, ObjectStoreError } from './object-store.ts';
import { createS3Store, type S3StoreOptions } from './s3-store.ts';

export type OpenStoreOptions = Partial<Omit<S3StoreOptions, 'bucket' | 'prefix'>> & { readonly fsync?: boolean };

/**
 * The store behind a URL: `file:///folder` or a path, or `s3://bucket/prefix` with the endpoint and keys of `options`.
 * Nothing is opened yet: `ready` tells whether it works. INVALID_CONFIGURATION for anything else.
 */
export function openStore(url: string, options: OpenStoreOptions = {}): ObjectStore {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 's3') {
    const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(url) ?? [];
    if (bucket === '') throw new ObjectStoreError('INVALID_CONFIGURATION', `no bucket in "${url}"`);
    const endpoint = options.endpoint ?? 'https://s3.amazonaws.com';
    return createS3Store({ ...options, endpoint, bucket, ...(prefix === '' ? {} : { prefix }) });
  }
  if (scheme === 'file' || scheme === undefined) {
    const dir = url.replace(/^file:(\/\/)?/, '');
    if (dir === '') throw new ObjectStoreError('INVALID_CONFIGURATION', 'an object store URL is empty');
    return createLocalStore({ dir, ...(options.fsync === undefined ? {} : { fsync: options.fsync }) });
  }
  throw new ObjectStoreError('INVALID_CONFIGURATION', `an object store is file:///folder or s3://bucket, not "${url}"`);
}
