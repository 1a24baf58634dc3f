import type { Counter, Histogram, Logger, Tracer, UpDownCounter } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const EXPORT_INTERVAL_MS = 2000;

/** What one service of the shop reports with: each has a resource of its own, as if it were a process of its own. */
export interface Telemetry {
  readonly tracer: Tracer;
  readonly logger: Logger;
  readonly requests: Counter;
  readonly requestSeconds: Histogram;
  readonly orderAmount: Histogram;
  readonly openCarts: UpDownCounter;
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Sends to `endpoint` by OTLP over gRPC. */
export function createTelemetry(service: string, version: string, endpoint: string): Telemetry {
  const pod = `${service}-7d9f6c5b48-x2k4${service.length % 10}`;
  const resource = resourceFromAttributes({
    'service.name': service,
    'service.namespace': 'shop',
    'service.version': version,
    'service.instance.id': pod,
    'deployment.environment.name': 'demo',
    'k8s.namespace.name': 'shop',
    'k8s.pod.name': pod,
  });
  const spans = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ url: endpoint }),
    scheduledDelayMillis: EXPORT_INTERVAL_MS / 2,
  });
  const records = new BatchLogRecordProcessor({
    exporter: new OTLPLogExporter({ url: endpoint }),
    scheduledDelayMillis: EXPORT_INTERVAL_MS / 2,
  });
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: endpoint }),
    exportIntervalMillis: EXPORT_INTERVAL_MS,
    exportTimeoutMillis: EXPORT_INTERVAL_MS,
  });
  const tracers = new TracerProvider({ resource, spanProcessors: [spans] });
  const loggers = new LoggerProvider({ resource, processors: [records] });
  const meters = new MeterProvider({
    resource,
    readers: [reader],
    views: [{ instrumentName: 'shop.order.amount', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  const meter = meters.getMeter('shop', version);
  const memory = meter.createObservableGauge('process.memory.usage', { unit: 'By' });
  memory.addCallback((result) => result.observe(process.memoryUsage().rss));
  return {
    tracer: tracers.getTracer('shop', version),
    logger: loggers.getLogger('shop', version),
    requests: meter.createCounter('shop.requests', { unit: '{request}', description: 'requests handled' }),
    requestSeconds: meter.createHistogram('http.server.request.duration', { unit: 's' }),
    orderAmount: meter.createHistogram('shop.order.amount', { unit: 'EUR' }),
    openCarts: meter.createUpDownCounter('shop.carts.open', { unit: '{cart}' }),
    async flush() {
      await Promise.all([tracers.forceFlush(), loggers.forceFlush(), meters.forceFlush()]);
    },
    async shutdown() {
      await Promise.all([tracers.shutdown(), loggers.shutdown(), meters.shutdown()]);
    },
  };
}
