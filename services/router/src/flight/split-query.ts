import { type CallContext, REUSE_CONNECTION_LOCATION } from '@signaldb/flight';
import type { QueryPlan, SqlStatement, TicketSeal } from '@signaldb/flight-sql';
import type { QuerierSource } from '../querier-pool.ts';
import { sealedEndpoint } from './client-tickets.ts';
import { split } from './querier-sql.ts';

/** Where a query's rows are fetched; undefined where one endpoint, here, does. */
export type PlanQuery = (statement: SqlStatement, context: CallContext) => Promise<QueryPlan | undefined>;

export interface SplitQueryOptions {
  readonly tenant: string;
  readonly source: QuerierSource;
  readonly seal: () => TicketSeal;
  /** Whether clients may go to the queriers themselves. */
  readonly direct: boolean;
}

/**
 * Spreads large results over the queriers that are there: an endpoint a share, at its querier or, where that has gone or can't
 * be reached from the client, over the connection that gave it, for any other querier takes the share as well.
 */
export function splitQuery({ tenant, source, seal, direct }: SplitQueryOptions): PlanQuery {
  return async ({ sql, parameters, id }, context) => {
    const queriers = source.queriers();
    if (queriers.length < 2 || parameters) return undefined;
    const found = await split(source, { tenant, sql, sharesMax: queriers.length }, context.signal);
    if (!found) return undefined;
    const { shares, ...plan } = found;
    const endpoints = shares.map((share, i) => {
      const location = clientLocation(queriers[i % queriers.length]!.location);
      const locations = direct && location ? [location, REUSE_CONNECTION_LOCATION] : [];
      return sealedEndpoint({ ...share, ...(id !== undefined && { query_id: id }) }, seal(), locations);
    });
    return { ...plan, endpoints };
  };
}

/** As every client understands it; undefined for a querier in this process. */
function clientLocation(location: string): string | undefined {
  if (location.startsWith('grpc://')) return `grpc+tcp://${location.slice('grpc://'.length)}`;
  return location.startsWith('grpc') ? location : undefined;
}
