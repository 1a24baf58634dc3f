/** What an object holds: its bytes, or a local file whose bytes are copied. */
export type ObjectBody = Uint8Array | { readonly path: string };

/** One object as `stat` and `list` see it. */
export interface ObjectStat {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly modified: Date;
}

/** A part of an object. A range that ends behind the object's end gives what there is. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface CallOptions {
  /** Aborting rejects the call with the signal's reason. What was sent may have taken effect all the same. */
  readonly signal?: AbortSignal | undefined;
}

export interface GetOptions extends CallOptions {
  readonly range?: ByteRange | undefined;
}

/**
 * A flat space of keys with immutable-looking objects: an object is there whole or not at all, and what `put` has
 * answered survives a crash. Keys are `/`-separated, see `checkKey`. Every call ends: with its result, with an
 * {@link ObjectStoreError}, or with the reason of the signal that aborted it.
 */
export interface ObjectStore {
  /** Writes or replaces an object. After an error the object may be the old one or the new one, never a mixture. */
  put(key: string, body: ObjectBody, options?: CallOptions): Promise<void>;
  /**
   * Writes an object unless one is there; tells whether it was written. Of several callers exactly one is told `true`.
   * A call that ends UNAVAILABLE may have written.
   */
  putIfAbsent(key: string, body: ObjectBody, options?: CallOptions): Promise<boolean>;
  /** The object's bytes, in memory that belongs to the caller. NOT_FOUND, INVALID_RANGE (offset at or behind the end). */
  get(key: string, options?: GetOptions): Promise<Uint8Array>;
  /** Copies the object to a local file, which appears whole or not at all. */
  download(key: string, path: string, options?: CallOptions): Promise<void>;
  /** NOT_FOUND when there is no such object. */
  stat(key: string, options?: CallOptions): Promise<ObjectStat>;
  /** All objects whose key begins with `prefix` (any string, not only whole folders), in the order of the keys' bytes. */
  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectStat>;
  /** Deletes objects; those that aren't there are no error. */
  delete(keys: readonly string[], options?: CallOptions): Promise<void>;
  /** Where other programs find the object: `file:///abs/key` or `s3://bucket/key`, never percent-encoded. */
  uri(key: string): string;
  /** The key behind a {@link ObjectStore.uri}. INVALID_KEY when it isn't one of this store. */
  keyOf(uri: string): string;
  /** Resolves when objects can be read and written now. */
  ready(options?: CallOptions): Promise<void>;
  /** Frees connections. Calls after it fail. */
  close(): Promise<void>;
}

export type ObjectStoreErrorCode =
  /** No such object, or no such bucket. */
  | 'NOT_FOUND'
  /** The range begins at or behind the object's end. */
  | 'INVALID_RANGE'
  /** Not a key, or not a URI of this store. */
  | 'INVALID_KEY'
  /** Settings that can't work: an unknown kind of URL, no endpoint, ... */
  | 'INVALID_CONFIGURATION'
  /** Credentials or file permissions don't allow it. */
  | 'ACCESS_DENIED'
  /** The disk or the quota is full. */
  | 'NO_SPACE'
  /** Refused, hanging, overloaded: the same call may work later. Its effect is unknown. */
  | 'UNAVAILABLE'
  /** Anything else. */
  | 'FAILED';

/** The one error of this package. `code` is stable; `message` names the store and the key. */
export class ObjectStoreError extends Error {
  readonly code: ObjectStoreErrorCode;

  constructor(code: ObjectStoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ObjectStoreError';
    this.code = code;
  }

  /** Whether the same call may succeed later without anybody changing it. */
  get retryable(): boolean {
    return this.code === 'UNAVAILABLE' || this.code === 'NO_SPACE';
  }
}
