import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricsOptions {
  /** Labels of every metric, such as `{service: 'acceptor'}`. */
  readonly labels?: Record<string, string>;
  /** Process metrics (memory, CPU, event loop, garbage collection); once a process is enough. */
  readonly processMetrics?: boolean;
}

interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** A registry of its own, so that tests and several instances in one process don't meet. Asking for a name twice gives the same metric. */
export interface Metrics {
  readonly registry: Registry;
  counter(definition: MetricDefinition): Counter;
  /** @param definition.collect runs at every scrape and sets the gauge */
  gauge(definition: MetricDefinition & { readonly collect?: (gauge: Gauge) => void }): Gauge;
  histogram(definition: MetricDefinition & { readonly buckets?: readonly number[] }): Histogram;
}

export function createMetrics(options: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  if (options.labels) registry.setDefaultLabels(options.labels);
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  const once = <T>(name: string, create: () => T): T => (registry.getSingleMetric(name) as T | undefined) ?? create();
  const base = ({ name, help, labels = [] }: MetricDefinition) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  return {
    registry,
    counter: (definition) => once(definition.name, () => new Counter(base(definition))),
    gauge: ({ collect, ...definition }) =>
      once(definition.name, () => {
        const gauge: Gauge = new Gauge({ ...base(definition), ...(collect && { collect: () => collect(gauge) }) });
        return gauge;
      }),
    histogram: ({ buckets, ...definition }) =>
      once(definition.name, () => new Histogram({ ...base(definition), ...(buckets && { buckets: [...buckets] }) })),
  };
}
