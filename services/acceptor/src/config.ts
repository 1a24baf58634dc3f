import { defineConfig, port, z } from '@signaldb/runtime';

const MiB = 2 ** 20;
const bytes = (value: number) => z.number().int().positive().default(value);
const milliseconds = (value: number) => z.number().int().min(0).default(value);

/** The acceptor's own settings. */
export const acceptorConfig = defineConfig({
  host: z.string().default('0.0.0.0').describe('Address that the acceptor listens on'),
  otlpGrpcPort: port().default(4317).describe('OTLP over gRPC'),
  otlpHttpPort: port().default(4318).describe('OTLP over HTTP: protobuf and JSON'),
  flightPort: port().default(8815).describe('Arrow Flight: writes to tables'),
  advertisedHost: z
    .string()
    .optional()
    .describe('Name or address under which other services reach this one; default: host, or the machine’s name'),
  durability: z
    .enum(['memory', 'disk'])
    .default('disk')
    .describe('OTLP clients are answered when their data is in memory (a crash loses it) or on disk'),
  requestBytesMax: bytes(64 * MiB).describe('Largest OTLP request, uncompressed, in bytes'),
  flightMessageBytesMax: bytes(256 * MiB).describe('Largest message of a Flight stream (a batch is one), in bytes'),
  inflightBytesMax: bytes(128 * MiB).describe('Requests in memory at once on each port, in bytes; more are refused'),
  attributeColumnsMax: z
    .number()
    .int()
    .min(0)
    .default(200)
    .describe('Attribute columns of a batch; further attributes go to the overflow column'),
  corsOrigins: z.array(z.string()).default([]).describe('Origins whose web pages may send OTLP over HTTP; * for any'),
  retryAfterMs: milliseconds(1000).describe('When refused clients are told to come again, in milliseconds'),
  batchRowsMax: z.number().int().positive().default(65_536).describe('Rows after which what came is sent on'),
  batchBytesMax: bytes(64 * MiB).describe('Bytes after which what came is sent on'),
  batchAgeMsMax: milliseconds(200).describe('Time after which what came is sent on, in milliseconds'),
  forwardBytesMax: bytes(128 * MiB).describe(
    'Memory that rows on their way to the writer may take, in bytes; beyond it they are read from the log again',
  ),
  rebalanceDelayMs: milliseconds(10_000).describe(
    'A log moves to the writer it belongs to by hashing when that has been another one for so long, in milliseconds',
  ),
  flightWaitMsMax: milliseconds(30_000).describe(
    'How long a Flight write waits for room in the log before it is refused, in milliseconds',
  ),
  drainMsMax: milliseconds(4000).describe('How long a stop waits for everything to be committed, in milliseconds'),
  logBytesMax: bytes(10 * 1024 * MiB).describe('Disk that the log may take, in bytes; then writes are refused'),
  logSegmentBytesMax: bytes(64 * MiB).describe('Size of one of the files of the log, in bytes'),
  logQueueBytesMax: bytes(64 * MiB).describe('Requests that may wait for the disk, in bytes; more are refused'),
  logRetainMs: milliseconds(0).describe('How long committed data stays in the log, in milliseconds, if there is room'),
  logFsync: z
    .boolean()
    .default(true)
    .describe('Force the log to disk before answering; without it a power loss costs acknowledged data'),
  idempotencyKeysMax: z.number().int().min(0).default(200_000).describe('Idempotency keys that are remembered'),
}).describe('The acceptor.');

export type AcceptorConfig = z.output<typeof acceptorConfig>;
