import { defineConfig, port, z } from '@signaldb/runtime';

/** flowctl's own settings. */
export const flowctlConfig = defineConfig({
  host: z.string().default('0.0.0.0').describe('Address that flowctl listens on'),
  grpcPort: port().default(8080).describe('Control plane, gRPC'),
  httpPort: port().default(8181).describe('Iceberg REST catalog, HTTP'),
  leaseMs: z
    .number()
    .int()
    .min(100)
    .default(6000)
    .describe('A service without a heartbeat for so long counts as unhealthy, in milliseconds'),
  forgetAfterMs: z
    .number()
    .int()
    .min(0)
    .default(300_000)
    .describe('A service unhealthy for so long is forgotten, in milliseconds'),
  snapshotEveryCommands: z
    .number()
    .int()
    .positive()
    .default(5000)
    .describe('Commands of the journal after which a snapshot is taken'),
  catalogRequestBytesMax: z
    .number()
    .int()
    .positive()
    .default(16 * 2 ** 20)
    .describe('Largest request of the Iceberg catalog, in bytes'),
}).describe('The control plane.');

export type FlowctlConfig = z.output<typeof flowctlConfig>;
