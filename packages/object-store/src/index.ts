export {
  createFaultyStore,
  type FaultOptions,
  type FaultyStore,
  type StoreFault,
  type StoreOperation,
} from './faulty-store.ts';
export { checkKey } from './keys.ts';
export { createLocalStore, type LocalStoreOptions } from './local-store.ts';
export {
  type ByteRange,
  type CallOptions,
  type GetOptions,
  type ObjectBody,
  type ObjectStat,
  type ObjectStore,
  ObjectStoreError,
  type ObjectStoreErrorCode,
} from './object-store.ts';
export { type OpenStoreOptions, openStore } from './open-store.ts';
export type { RetryPolicy } from './retry.ts';
export { createS3Store, type S3StoreOptions } from './s3-store.ts';
