import type { CallContext } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { badTenant, tenantHeader, tenantOf } from '../tenant.ts';

/** The tenant of a Flight call. @throws INVALID_ARGUMENT */
export function callTenant(context: Pick<CallContext, 'metadata'>): string {
  const header = context.metadata.get(tenantHeader);
  const tenant = tenantOf(header);
  if (tenant === undefined) throw new GrpcError(Status.INVALID_ARGUMENT, badTenant(header!));
  return tenant;
}
