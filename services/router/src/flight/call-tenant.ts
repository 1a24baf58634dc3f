import { accountOf, checkTenant, isTenant, tenantHeader, tenantOf } from '@signaldb/access';
import type { CallContext, FlightDescriptor } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { SessionCookies } from './session-cookies.ts';

/** The one catalog that there is: the cluster. Its schemas are the tenants. */
export const catalogName = 'signaldb';

/**
 * Whose data a call means: a path of several parts says it, else the header X-Scope-OrgID, else the session's schema, else the
 * account. Throws INVALID_ARGUMENT for what is no tenant, PERMISSION_DENIED for one that the account may not use.
 */
export function callTenant(context: CallContext, cookies: SessionCookies, descriptor?: FlightDescriptor): string {
  const account = accountOf(context);
  const named = descriptor?.path && tenantInPath(descriptor.path);
  const tenant = named ?? namedTenant(context) ?? cookies.read(context)?.schema;
  if (tenant === undefined) return tenantOf(account, undefined);
  return tenantOf(account, tenant);
}

/** What the header says, which no ticket may contradict. */
export function namedTenant(context: CallContext): string | undefined {
  return context.metadata.get(tenantHeader) || undefined;
}

/**
 * Whether a ticket of a tenant may be used by a call. @throws PERMISSION_DENIED where the call names another tenant, or the account
 * may not use this one
 */
export function checkTicketTenant(context: CallContext, tenant: string): void {
  const named = namedTenant(context);
  if (named !== undefined && named !== tenant)
    throw new GrpcError(
      Status.PERMISSION_DENIED,
      `the ticket is of the tenant "${tenant}", and the call names "${named}"`,
    );
  checkTenant(accountOf(context), tenant);
}

/** A path is `[table]`, `[tenant, table]` or `[catalog, tenant, table]`. @throws INVALID_ARGUMENT */
export function tableInPath(path: readonly string[]): string {
  const table = path.at(-1);
  if (!table || path.length > 3)
    throw new GrpcError(
      Status.INVALID_ARGUMENT,
      'a path is the name of a table, or [tenant, table], or [catalog, tenant, table]',
    );
  return table;
}

function tenantInPath(path: readonly string[]): string | undefined {
  if (path.length < 2 || path.length > 3) return undefined;
  const tenant = path.at(-2)!;
  if (path.length === 3 && path[0] !== catalogName)
    throw new GrpcError(
      Status.NOT_FOUND,
      `there is no catalog ${JSON.stringify(path[0]!.slice(0, 80))}; the only one is "${catalogName}"`,
    );
  if (!isTenant(tenant))
    throw new GrpcError(Status.INVALID_ARGUMENT, `the path's ${JSON.stringify(tenant.slice(0, 80))} is no tenant`);
  return tenant;
}
