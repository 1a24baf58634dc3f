import { accountOf, tenantHeader, tenantOf } from '@signaldb/access';
import type { CallContext } from '@signaldb/flight';

/** The tenant of a Flight call. @throws INVALID_ARGUMENT, PERMISSION_DENIED */
export function callTenant(context: Pick<CallContext, 'metadata' | 'principal'>): string {
  return tenantOf(accountOf(context), context.metadata.get(tenantHeader));
}
