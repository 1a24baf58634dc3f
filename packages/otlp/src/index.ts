export {
  type AppendResult,
  type ColumnRegistryOptions,
  createSignalAppender,
  type SealedBatch,
  type SignalAppender,
  type SignalAppenderOptions,
} from './appender.ts';
export { ConformError, conformBatch } from './conform/conform-batch.ts';
export { type ColumnPlan, planColumns } from './conform/plan-columns.ts';
export { encodeLogs } from './encode/logs.ts';
export { encodeMetrics, type MetricRows } from './encode/metrics.ts';
export { encodeTraces } from './encode/traces.ts';
export { OtlpDecodeError, type OtlpErrorCode } from './errors.ts';
export type { JsonObject, JsonValue } from './json/to-json.ts';
export { encodeExportResponse, encodeStatus, type RpcStatus } from './responses.ts';
export {
  type AttributeScopeName,
  type Signal,
  type SignalTable,
  signalTables,
  type TableName,
  tablesOf,
} from './tables.ts';
