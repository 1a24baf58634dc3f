import { defineConfig, port, z } from '@signaldb/runtime';

const MiB = 2 ** 20;
const bytes = (value: number) => z.number().int().positive().default(value);
const milliseconds = (value: number) => z.number().int().positive().default(value);
const count = (value: number) => z.number().int().positive().default(value);

/** The querier's own settings. */
export const querierConfig = defineConfig({
  host: z.string().default('0.0.0.0').describe('Address that the querier listens on'),
  flightPort: port().default(8817).describe('Arrow Flight, for routers'),
  advertisedHost: z
    .string()
    .optional()
    .describe('Name or address under which other services reach this one; default: host, or the machine’s name'),
  threads: count(2).describe('Threads of one query'),
  memoryBytesMax: bytes(1024 * MiB).describe('Memory of trace look-ups and searches together, in bytes'),
  queryTimeoutMs: milliseconds(60_000).describe('Longest time of a look-up or search, in milliseconds'),
  sqlMemoryBytesMax: bytes(1024 * MiB).describe(
    'Memory of one tenant’s SQL queries together, in bytes; a process of their own, ended when it takes a quarter more',
  ),
  sqlSpillBytesMax: bytes(10_240 * MiB).describe('Disk that one tenant’s SQL queries may spill to, in bytes'),
  sqlTimeoutMs: milliseconds(300_000).describe('Longest time of an SQL query, in milliseconds'),
  splitRowsMin: count(1_000_000).describe(
    'Rows of a table from which on the result of a plain SELECT is split, so that several queriers serve it',
  ),
  splitBytesMin: bytes(64 * MiB).describe('The same in bytes of files'),
  splitFilesMax: count(10_000).describe(
    'Files of a split result: they are named in its tickets; with more it isn’t split',
  ),
  sqlTextBytesMax: bytes(64 * 1024).describe('Longest SQL text, in bytes'),
  sqlTablesMax: count(48).describe('Tables that one SQL query may name'),
  sqlTenantsMax: count(8).describe('Tenants whose SQL processes are kept'),
  sqlConcurrentMax: count(16).describe('SQL queries at once, half of them for one tenant; further ones wait'),
  sqlWaitingMax: count(256).describe('SQL queries that wait for others to end; further ones are refused'),
  sqlWaitMs: milliseconds(15_000).describe('How long an SQL query waits for others to end, in milliseconds'),
  cacheBytesMax: bytes(20_480 * MiB).describe('Disk for copies of files from the object store, in bytes'),
  traceFilterBytesMax: bytes(128 * MiB).describe('Memory for trace-id filters, in bytes'),
  barrierTimeoutMs: milliseconds(2000).describe('How long an acceptor may take to name its last row, in milliseconds'),
  hotFilesTimeoutMs: milliseconds(5000).describe(
    'How long a writer may take to list its newest files, in milliseconds',
  ),
  traceLookAroundMs: milliseconds(3_600_000).describe(
    'How far before and after a found span the rest of its trace is looked for, in milliseconds',
  ),
  searchLimitMax: count(10_000).describe('Most traces that a search answers'),
  tagsLimitMax: count(100_000).describe('Most names or values that a tag query answers'),
}).describe('Reading.');

export type QuerierConfig = z.output<typeof querierConfig>;
