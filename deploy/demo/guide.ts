import type { Visit } from './shop.ts';

const SQL =
  'SELECT service_name, count(*) AS spans, avg(duration_ns) / 1e6 AS avg_ms FROM traces GROUP BY 1 ORDER BY 2 DESC';

/** What to look at while the demo runs. `http` is the address of the Tempo API, `flight` that of Flight SQL. */
export function guide(visit: Visit, http: string, flight: string): string {
  return `
The shop is open. Some of what it sent:

  A trace (${visit.name}${visit.failed ? ', which failed' : ''}):
    curl -s ${http}/api/v2/traces/${visit.traceId}

  Traces with errors:
    curl -s '${http}/api/search?q=${encodeURIComponent('{ status = error }')}'

  Spans by service, in SQL (pip install adbc-driver-flightsql pyarrow):
    python3 -c "import adbc_driver_flightsql.dbapi as db; c = db.connect('${flight}').cursor(); c.execute('${SQL}'); print(c.fetch_arrow_table().to_pydict())"

  Grafana: add a Tempo data source with the URL ${http}

Stop with Ctrl-C.
`;
}
