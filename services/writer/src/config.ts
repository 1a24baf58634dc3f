import { defineConfig, port, z } from '@signaldb/runtime';

const bytes = () => z.number().int().positive();
const milliseconds = () => z.number().int().min(0);

/** The writer's own settings. */
export const writerConfig = defineConfig({
  host: z.string().default('0.0.0.0').describe('Address that the writer listens on'),
  flightPort: port().default(8816).describe('Flight: log streams in, hot files out'),
  advertisedHost: z
    .string()
    .optional()
    .describe("Host at which others reach this writer; default: host, or the machine's name where that is 0.0.0.0"),
  encoderThreads: z.number().int().min(0).max(64).default(1).describe('Threads that encode Parquet; 0: the main one'),
  memoryBytesMax: bytes()
    .default(256 * 2 ** 20)
    .describe('Received rows that wait to become hot files, in bytes; beyond it the streams are read no further'),
  hotBytesMax: bytes()
    .default(8 * 2 ** 30)
    .describe('Disk that hot files may take before the streams are read no further, in bytes'),
  cutRowsMin: z.number().int().positive().default(65_536).describe('Rows of a log and table that make a hot file'),
  cutBytesMin: bytes()
    .default(64 * 2 ** 20)
    .describe('Bytes of a log and table that make a hot file'),
  cutIntervalMs: milliseconds().default(1000).describe('Rows wait at most so long for their hot file, in milliseconds'),
  barrierIntervalMs: milliseconds()
    .default(100)
    .describe('Queries cut hot files at most this often a table, in milliseconds'),
  barrierTimeoutMs: milliseconds()
    .default(5000)
    .describe('A query waits at most so long for rows that are on their way, in milliseconds'),
  commitIntervalMs: milliseconds()
    .default(5000)
    .describe('Hot files are committed to the table at the latest so long after they were cut, in milliseconds'),
  commitBytesMin: bytes()
    .default(64 * 2 ** 20)
    .describe('Bytes of hot files that are committed at once'),
  commitBytesMax: bytes()
    .default(512 * 2 ** 20)
    .describe('Bytes of hot files in one commit'),
  coldFileBytesMax: bytes()
    .default(256 * 2 ** 20)
    .describe('Size of a file in the object store'),
  mergeBytesMax: bytes()
    .default(64 * 2 ** 20)
    .describe('Rows of small hot files kept in memory to be sorted together before they are stored, in bytes'),
  hotFileGraceMs: milliseconds()
    .default(60_000)
    .describe('Hot files outlive their commit by so long, for queries that listed them, in milliseconds'),
  attributeColumnsMax: z
    .number()
    .int()
    .min(0)
    .max(5000)
    .default(200)
    .describe('Attributes of a table that become columns; the others go to its overflow columns'),
  maintenanceIntervalMs: milliseconds()
    .default(60_000)
    .describe('Pause between rounds of compaction and snapshot expiry, in milliseconds; 0: none'),
  snapshotAgeMsMax: milliseconds()
    .default(3_600_000)
    .describe('Snapshots older than this are dropped from the tables, in milliseconds'),
  snapshotsMin: z.number().int().min(1).default(10).describe('Newest snapshots of a table that are always kept'),
  deleteGraceMs: milliseconds()
    .default(600_000)
    .describe('Files that no snapshot refers to any more are deleted after so long, in milliseconds'),
  compactFilesMin: z.number().int().min(2).default(8).describe('Small files of one partition that are put together'),
  compactFileBytesMax: bytes()
    .default(32 * 2 ** 20)
    .describe('Files below this size count as small'),
}).describe('The writer.');

export type WriterConfig = z.output<typeof writerConfig>;
