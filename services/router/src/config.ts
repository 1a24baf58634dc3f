import { defineConfig, port, z } from '@signaldb/runtime';

const milliseconds = () => z.number().int().positive();

/** The router's own settings. */
export const routerConfig = defineConfig({
  host: z.string().default('0.0.0.0').describe('Address that the router listens on'),
  httpPort: port().default(3200).describe('Tempo API: HTTP and streaming gRPC on one port'),
  flightPort: port().default(8082).describe('Arrow Flight and Flight SQL for everyone'),
  queryTimeoutMs: milliseconds()
    .default(60_000)
    .describe('Time that a query of the Tempo API may take, in milliseconds'),
  searchLimitDefault: z
    .number()
    .int()
    .positive()
    .default(20)
    .describe('Traces that a search returns where it names no limit'),
  searchLimitMax: z.number().int().positive().default(10_000).describe('Most traces that a search may ask for'),
  spansPerSpanSetDefault: z
    .number()
    .int()
    .positive()
    .default(3)
    .describe('Spans of each trace in a search result where it names no number (spss)'),
  spansPerSpanSetMax: z
    .number()
    .int()
    .positive()
    .default(100)
    .describe('Most spans of each trace that a search may ask for'),
  tagsMax: z.number().int().positive().default(10_000).describe('Most tag names or tag values in an answer'),
  flightMessageBytesMax: z
    .number()
    .int()
    .positive()
    .default(64 * 2 ** 20)
    .describe('Largest message of a Flight stream (a batch is one message), in bytes'),
  ticketLifetimeMs: milliseconds()
    .default(3_600_000)
    .describe(
      'How long what GetFlightInfo answers can be fetched, in milliseconds; RenewFlightEndpoint makes it longer',
    ),
  preparedLifetimeMs: milliseconds()
    .default(7 * 24 * 3_600_000)
    .describe('How long a prepared statement can be used, on every router, in milliseconds'),
  directEndpoints: z
    .boolean()
    .default(true)
    .describe(
      'Whether clients may fetch the shares of a large result from the queriers themselves; if not, all goes through the router',
    ),
  traceBytesMax: z
    .number()
    .int()
    .positive()
    .default(50_000_000)
    .describe('Largest trace that is returned whole, in bytes of its rows in memory'),
});

export type RouterConfig = z.output<typeof routerConfig>;
