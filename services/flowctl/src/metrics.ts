import type { Metrics } from '@signaldb/runtime';
import type { Machine } from './machine.ts';

/** Gauges over the state, read when scraped. */
export function flowctlMetrics(metrics: Metrics, machine: Machine): void {
  metrics.gauge({
    name: 'signaldb_flowctl_services',
    help: 'Registered services by role and health',
    labels: ['role', 'healthy'],
    collect(gauge) {
      gauge.reset();
      for (const { info, healthy } of machine.state.services.values())
        gauge.inc({ role: info.role || info.type, healthy: String(healthy) });
    },
  });
  metrics.gauge({
    name: 'signaldb_flowctl_logs',
    help: 'Logs that are not drained',
    collect: (gauge) => gauge.set([...machine.state.logs.values()].filter(({ drained }) => !drained).length),
  });
  metrics.gauge({
    name: 'signaldb_flowctl_tables',
    help: 'Iceberg tables in the catalog',
    collect: (gauge) =>
      gauge.set([...machine.state.namespaces.values()].reduce((sum, { tables }) => sum + tables.size, 0)),
  });
  metrics.gauge({
    name: 'signaldb_flowctl_state_revision',
    help: 'Revision of the watched state',
    collect: (gauge) => gauge.set(machine.state.revision),
  });
}
