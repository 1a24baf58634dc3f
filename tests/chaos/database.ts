import { connectFlight } from '@signaldb/flight';
import { createFlightSqlClient } from '@signaldb/flight-sql';
import type { ClusterPorts } from '../system/ports.ts';

export interface SpanCount {
  readonly spans: number;
  readonly distinct: number;
}

/** What is stored, as a user sees it. Each call rejects when the database can't answer, or can't answer fully. */
export interface Database {
  count(): Promise<SpanCount>;
  /** How often each span id is stored. */
  spanIds(): Promise<Map<string, number>>;
  /** The span ids of a trace over the Tempo API. */
  trace(traceId: string): Promise<string[]>;
  close(): Promise<void>;
}

const timeoutMs = 60_000;

export function openDatabase(ports: ClusterPorts): Database {
  const flight = connectFlight(`grpc://127.0.0.1:${ports.routerFlight}`);
  const sql = createFlightSqlClient(flight);
  return {
    async count() {
      const rows = await sql.query('SELECT count(*) AS spans, count(DISTINCT span_id) AS ids FROM traces', {
        timeoutMs,
      });
      for await (const batch of rows) {
        const row = batch.get(0)!.toJSON();
        return { spans: Number(row.spans), distinct: Number(row.ids) };
      }
      throw new Error('count(*) gave no row');
    },
    async spanIds() {
      const counts = new Map<string, number>();
      const rows = await sql.query('SELECT span_id, count(*) AS n FROM traces GROUP BY span_id', { timeoutMs });
      for await (const batch of rows) {
        const [ids, numbers] = [batch.getChild('span_id')!, batch.getChild('n')!];
        for (let i = 0; i < batch.numRows; i++) counts.set(ids.get(i), Number(numbers.get(i)));
      }
      return counts;
    },
    async trace(traceId) {
      const url = `http://127.0.0.1:${ports.routerHttp}/api/v2/traces/${traceId}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
      const text = await response.text();
      if (response.status === 404) return [];
      if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
      return spanIdsOf(JSON.parse(text), url);
    },
    close: () => flight.close(),
  };
}

interface TraceAnswer {
  readonly status?: string;
  readonly message?: string;
  readonly trace?: {
    readonly resourceSpans?: readonly {
      readonly scopeSpans?: readonly { readonly spans?: readonly { readonly spanId: string }[] }[];
    }[];
  };
}

function spanIdsOf(answer: TraceAnswer, url: string): string[] {
  if (answer.status === 'PARTIAL') throw new Error(`${url} is partial: ${answer.message}`);
  const spans = (answer.trace?.resourceSpans ?? []).flatMap(({ scopeSpans = [] }) =>
    scopeSpans.flatMap((s) => s.spans ?? []),
  );
  return spans.map(({ spanId }) =>
    /^[0-9a-f]{16}$/.test(spanId) ? spanId : Buffer.from(spanId, 'base64').toString('hex'),
  );
}
