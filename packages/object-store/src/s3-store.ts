import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Client } from 'minio';
import { checkKey, checkPrefix } from './keys.ts';
import {
  type CallOptions,
  type GetOptions,
  type ObjectBody,
  type ObjectStat,
  type ObjectStore,
  ObjectStoreError,
} from './object-store.ts';
import { type RetryPolicy, withRetries } from './retry.ts';
import { isPreconditionFailed, s3Error } from './s3-errors.ts';
import { type Attempt, createS3Transport } from './s3-transport.ts';

export interface S3StoreOptions {
  /** `http://127.0.0.1:9000`, `https://s3.amazonaws.com`, ... */
  readonly endpoint: string;
  readonly bucket: string;
  /** Without keys requests go unsigned. */
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
  readonly sessionToken?: string | undefined;
  /** Default `us-east-1`. */
  readonly region?: string | undefined;
  /** `http://host/bucket/key` (true, the default) or `http://bucket.host/key`. */
  readonly pathStyle?: boolean | undefined;
  /** Stands before every key, with a slash between. */
  readonly prefix?: string | undefined;
  /** Whether `ready` makes the bucket when it isn't there. Default false. */
  readonly createBucket?: boolean | undefined;
  /** A request without a byte sent or received for this long is broken off. Default 10 s. */
  readonly silenceMsMax?: number | undefined;
  /** Default 3 attempts, 100 ms pause, 120 s altogether. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Default 32. */
  readonly connectionsMax?: number | undefined;
  /** A file larger than this goes up in parts, each held in memory. At least 5 MiB, default 64 MiB. */
  readonly partBytesMax?: number | undefined;
}

const listPageMax = 1000;

/** Objects in an S3 bucket. `putIfAbsent` needs a server that knows `If-None-Match: *` (AWS, MinIO, R2, Ceph do). */
export function createS3Store(options: S3StoreOptions): ObjectStore {
  const endpoint = parseEndpoint(options.endpoint);
  const { bucket } = options;
  const prefix = options.prefix ? `${checkKey(options.prefix.replace(/\/+$/, ''))}/` : '';
  const policy: RetryPolicy = { attemptsMax: 3, callMsMax: 120_000, pauseMs: 100, ...options.retry };
  const partBytesMax = options.partBytesMax ?? 64 * 2 ** 20;
  const region = options.region ?? 'us-east-1';
  const transport = createS3Transport({
    secure: endpoint.protocol === 'https:',
    connectionsMax: options.connectionsMax ?? 32,
    silenceMsMax: options.silenceMsMax ?? 10_000,
  });
  const client = createClient();

  function createClient(): Client {
    try {
      return new Client({
        endPoint: endpoint.hostname.replace(/^\[|\]$/g, ''),
        port: Number(endpoint.port) || (endpoint.protocol === 'https:' ? 443 : 80),
        useSSL: endpoint.protocol === 'https:',
        accessKey: options.accessKey ?? '',
        secretKey: options.secretKey ?? '',
        ...(options.sessionToken ? { sessionToken: options.sessionToken } : {}),
        region,
        pathStyle: options.pathStyle ?? true,
        partSize: partBytesMax,
        transport: transport as never,
        retryOptions: { disableRetry: true },
      });
    } catch (error) {
      throw new ObjectStoreError('INVALID_CONFIGURATION', (error as Error).message, error);
    }
  }

  const nameOf = (key: string) => prefix + checkKey(key);
  const uriOf = (name: string) => `s3://${bucket}/${name}`;

  function call<T>(what: string, name: string, o: CallOptions | undefined, send: (attempt: Attempt) => Promise<T>) {
    return withRetries(policy, o?.signal, `${what} ${uriOf(name)}`, (signal) => {
      const attempt: Attempt = { signal };
      return transport.during(attempt, () =>
        send(attempt).catch((error) => {
          throw s3Error(error, what, uriOf(name), attempt.status);
        }),
      );
    });
  }

  async function putOnce(objectName: string, body: Buffer, conditions: Record<string, string>): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream', ...conditions };
    const response = await client.makeRequestAsync(
      { method: 'PUT', bucketName: bucket, objectName, headers },
      body as never,
      [200],
      region,
    );
    await drain(response);
  }

  async function upload(name: string, body: ObjectBody, signal: AbortSignal): Promise<void> {
    if (body instanceof Uint8Array) return putOnce(name, asBuffer(body), {});
    const { size } = await stat(body.path);
    if (size <= partBytesMax) return putOnce(name, await readFile(body.path, { signal }), {});
    await client.putObject(bucket, name, createReadStream(body.path, { signal }), size);
    return undefined;
  }

  async function request(objectName: string, range: GetOptions['range']): Promise<IncomingMessage> {
    const headers: Record<string, string> = range
      ? { range: `bytes=${range.offset}-${range.offset + range.length - 1}` }
      : {};
    const query = { method: 'GET', bucketName: bucket, objectName, headers };
    return client.makeRequestAsync(query, '', range ? [200, 206] : [200], region);
  }

  return {
    put: (key, body, o) => {
      const name = nameOf(key);
      return call('put', name, o, (attempt) => upload(name, body, attempt.signal));
    },

    putIfAbsent: (key, body, o) => {
      const name = nameOf(key);
      // Not retried: a second attempt would meet the object of a first one whose answer was lost.
      return withRetries({ ...policy, attemptsMax: 1 }, o?.signal, `put ${uriOf(name)}`, (signal) => {
        const attempt: Attempt = { signal };
        return transport.during(attempt, async () => {
          try {
            const bytes = body instanceof Uint8Array ? asBuffer(body) : await readFile(body.path, { signal });
            await putOnce(name, bytes, { 'if-none-match': '*' });
            return true;
          } catch (error) {
            if (isPreconditionFailed(error, attempt.status)) return false;
            throw s3Error(error, 'put', uriOf(name), attempt.status);
          }
        });
      });
    },

    get: (key, o) => {
      const name = nameOf(key);
      const range = o?.range;
      if (range && (range.offset < 0 || range.length <= 0)) {
        return Promise.reject(new ObjectStoreError('INVALID_RANGE', `no bytes ${range.offset}+${range.length}`));
      }
      return call('get', name, o, async (attempt) => {
        const response = await request(name, range);
        const bytes = await readBody(response);
        if (!range || attempt.status === 206) return bytes;
        return bytes.subarray(range.offset, range.offset + range.length); // a server that ignores ranges
      });
    },

    download: (key, path, o) => {
      const name = nameOf(key);
      return call('get', name, o, async () => {
        const partial = `${path}.${randomUUID()}.part`;
        try {
          const response = await request(name, undefined);
          await pipeline(response, createWriteStream(partial, { flags: 'wx' }));
          checkLength(response, (await stat(partial)).size);
          await rename(partial, path);
        } finally {
          await rm(partial, { force: true });
        }
      });
    },

    stat: (key, o) => {
      const name = nameOf(key);
      return call('stat', name, o, async () => {
        const found = await client.statObject(bucket, name);
        return { key, size: found.size, modified: found.lastModified };
      });
    },

    async *list(keyPrefix, o) {
      const listed = prefix + checkPrefix(keyPrefix);
      let token = '';
      do {
        const page = await call('list', listed, o, () =>
          client.listObjectsV2Query(bucket, listed, token, '', listPageMax, ''),
        );
        for (const item of page.objects as { name?: string; size: number; lastModified: Date }[]) {
          if (item.name !== undefined) yield toStat(item.name, item);
        }
        token = page.isTruncated ? page.nextContinuationToken : '';
      } while (token !== '');
    },

    delete: async (keys, o) => {
      const names = keys.map(nameOf);
      for (let i = 0; i < names.length; i += listPageMax) {
        const some = names.slice(i, i + listPageMax);
        await call('delete', some[0]!, o, async () => {
          const failed = (await client.removeObjects(bucket, some)).filter((result) => result !== null);
          const first = failed[0] as { Error?: { Code?: string; Message?: string; Key?: string } } | undefined;
          if (!first) return;
          const { Code = 'InternalError', Message = JSON.stringify(first), Key = some[0] } = first.Error ?? {};
          throw s3Error({ code: Code, message: Message }, 'delete', uriOf(String(Key)), 200);
        });
      }
    },

    uri: (key) => uriOf(nameOf(key)),

    keyOf: (uri) => {
      const start = `${bucket}/${prefix}`;
      const path = uri.replace(/^s3[an]?:\/\//, '');
      if (path === uri || !path.startsWith(start)) {
        throw new ObjectStoreError('INVALID_KEY', `not in s3://${start}: ${uri}`);
      }
      return checkKey(path.slice(start.length));
    },

    ready: (o) =>
      call('open', '', o, async () => {
        if (await client.bucketExists(bucket)) return;
        if (!options.createBucket) throw new ObjectStoreError('NOT_FOUND', `there is no bucket ${bucket}`);
        await client.makeBucket(bucket, region).catch((error) => {
          if (!/^BucketAlready/.test(error?.code)) throw error;
        });
      }),

    close: async () => transport.agent.destroy(),
  };

  function toStat(name: string, item: { size: number; lastModified: Date }): ObjectStat {
    return { key: name.slice(prefix.length), size: item.size, modified: item.lastModified };
  }
}

function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/') {
    throw new ObjectStoreError('INVALID_CONFIGURATION', `not an S3 endpoint like http://host:9000: "${text}"`);
  }
  return url;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function readBody(response: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  checkLength(response, bytes.length);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An answer cut short is an error, also where the connection's end looks orderly. */
function checkLength(response: IncomingMessage, received: number): void {
  const announced = response.headers['content-length'];
  if (announced !== undefined && Number(announced) !== received) {
    throw new ObjectStoreError('UNAVAILABLE', `an answer of ${announced} bytes ended after ${received}`);
  }
}

async function drain(response: IncomingMessage): Promise<void> {
  for await (const _ of response) {
    // the answer has no use, but its socket has
  }
}
