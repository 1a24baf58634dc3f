export {
  type AuthConfig,
  authConfig,
  commonConfig,
  controlPlaneConfig,
  logConfig,
  opsConfig,
  storeConfig,
  storeLocation,
  tlsConfig,
} from './config/common.ts';
export { type ConfigSchema, defineConfig, path, port, secret, z } from './config/define.ts';
export { type DescribeConfigOptions, describeConfig, describeFlags } from './config/describe.ts';
export { type ConfigLeaf, configLeaves } from './config/leaves.ts';
export { callerDir, type LoadConfigOptions, loadConfig } from './config/load.ts';
export { type DataFolder, type OpenDataFolderOptions, openDataFolder } from './data-folder.ts';
export { type FileLock, lockFile } from './file-lock.ts';
export { createLogger, type Logger, type LoggerOptions } from './logger.ts';
export { createMetrics, type Metrics, type MetricsOptions } from './metrics.ts';
export { createOpsServer, type OpsServer, type OpsServerOptions } from './ops-server.ts';
export { createReadiness, type Readiness, type ReadinessCheck, type ReadinessReport } from './readiness.ts';
export { runService, type ServiceContext, type ServiceDefinition } from './run-service.ts';
export { createShutdown, type Shutdown } from './shutdown.ts';
export { oneLine, StartupError, type StartupErrorCode, toStartupError } from './startup-error.ts';
export { loadTlsMaterial, type TlsMaterial } from './tls.ts';
