import { defineConfig, path, port, secret, z } from './define.ts';

/** Sections that services share, each under the same name, so that one file's lines can be copied into another's. */
export const logConfig = defineConfig({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least level that is logged'),
  format: z
    .enum(['auto', 'json', 'text'])
    .default('auto')
    .describe('Log lines: JSON, or text for people; auto is text on a terminal'),
}).describe('Logs, on standard error.');

export const opsConfig = defineConfig({
  host: z.string().default('0.0.0.0').describe('Address that serves metrics and health'),
  port: port().default(9464).describe('Port of /metrics, /healthz and /readyz'),
}).describe('Metrics and health over HTTP.');

export const tlsConfig = defineConfig({
  certFile: path().optional().describe('Certificate chain (PEM); with keyFile it turns TLS on'),
  keyFile: path().optional().describe('Private key (PEM)'),
  clientCaFile: path().optional().describe('Clients must show a certificate signed by one of these (PEM)'),
  caFile: path()
    .optional()
    .describe(
      'Signers of the other services’ certificates (PEM), where they aren’t the usual authorities; goes with certFile',
    ),
}).describe('TLS of the doors that clients and other services connect to.');

export const authConfig = defineConfig({
  file: path()
    .optional()
    .describe('Users, tokens and what each may do (YAML or JSON); without it everyone may do everything'),
  clusterKey: z
    .string()
    .min(32)
    .meta({ secret: true })
    .optional()
    .describe(
      'Secret that all services of the cluster share, 32 characters or more; without it flowctl makes one and hands it to services of the same machine, or to all where there is no authentication file',
    ),
  bearerLifetimeMs: z
    .number()
    .int()
    .positive()
    .default(12 * 3_600_000)
    .describe('How long a token is good that a user got for a password, in milliseconds'),
}).describe('Who may come in. See docs/authentication.md.');

export type AuthConfig = z.output<typeof authConfig>;

export const controlPlaneConfig = defineConfig({
  address: z
    .string()
    .default('grpc://127.0.0.1:8080')
    .describe('gRPC location of flowctl; several, divided by commas, are tried in turn'),
  catalogUri: z.string().default('http://127.0.0.1:8181').describe('Iceberg REST catalog of flowctl'),
}).describe('The control plane, through which services find each other.');

export const storeConfig = defineConfig({
  url: path()
    .optional()
    .describe(
      'file:///folder or s3://bucket/prefix; default: the folder `warehouse` in the data folder of the single process, ./data/warehouse for a service by itself',
    ),
  endpoint: z.string().optional().describe('URL of an S3 service other than AWS, such as http://127.0.0.1:9000'),
  region: z.string().default('us-east-1').describe('S3 region'),
  accessKey: secret().optional().describe('S3 access key'),
  secretKey: secret().optional().describe('S3 secret key'),
  pathStyle: z.boolean().default(true).describe('Bucket in the path instead of the host name, as MinIO wants it'),
}).describe('Where Parquet files and Iceberg metadata are kept.');

/** What every service's own configuration starts with. */
export const commonConfig = { log: logConfig, ops: opsConfig };

type StoreConfig = z.output<typeof storeConfig>;

/** The store's URL and its other settings, as `openStore` takes them. */
export function storeLocation(
  { url, endpoint, region, accessKey, secretKey, pathStyle }: StoreConfig,
  defaultDir: string,
) {
  return {
    url: url ?? defaultDir,
    options: {
      region,
      pathStyle,
      ...(endpoint && { endpoint }),
      ...(accessKey && { accessKey }),
      ...(secretKey && { secretKey }),
    },
  };
}
