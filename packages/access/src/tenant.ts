import { GrpcError, Status } from '@signaldb/grpc';
import { type Account, mayName } from './account.ts';

/** The HTTP header, and the key of gRPC metadata, that names the tenant. */
export const tenantHeader = 'x-scope-orgid';
/** The tenant of who names none, where nothing else decides. */
export const defaultTenant = 'default';
const tenantPattern = /^(?!\.+$)[A-Za-z0-9_.-]{1,64}$/;
const tenantsMax = 16;

/** Whether a text can be a tenant's name. */
export function isTenant(text: string): boolean {
  return tenantPattern.test(text);
}

/** @throws PERMISSION_DENIED where the account may not name the tenant */
export function checkTenant(account: Account, tenant: string): void {
  if (mayName(account, tenant)) return;
  throw new GrpcError(Status.PERMISSION_DENIED, `"${account.name}" may not use the tenant "${tenant}"`);
}

/** @throws PERMISSION_DENIED where the account may not change anything */
export function checkWrite(account: Account): void {
  if (account.write) return;
  throw new GrpcError(
    Status.PERMISSION_DENIED,
    `"${account.name}" may only read; "write: true" in the authentication file lets it write`,
  );
}

/**
 * The tenants that a read names: `a|b` are two. Without the header: the account's only tenant, else `default`.
 * @throws INVALID_ARGUMENT for what is no tenant's name, PERMISSION_DENIED for one that the account may not use
 */
export function tenantsOf(account: Account, header: string | undefined): readonly string[] {
  const tenants = header ? [...new Set(header.split('|'))] : [tenantWithoutHeader(account)];
  if (tenants.length > tenantsMax)
    throw new GrpcError(
      Status.INVALID_ARGUMENT,
      `X-Scope-OrgID names ${tenants.length} tenants, at most ${tenantsMax} can be read at once`,
    );
  for (const tenant of tenants) {
    if (!isTenant(tenant)) throw new GrpcError(Status.INVALID_ARGUMENT, badTenant(tenant));
    checkTenant(account, tenant);
  }
  return tenants;
}

/** The one tenant of a call that can't span several. Throws as `tenantsOf`. */
export function tenantOf(account: Account, header: string | undefined): string {
  const tenants = tenantsOf(account, header);
  if (tenants.length > 1)
    throw new GrpcError(
      Status.INVALID_ARGUMENT,
      'X-Scope-OrgID names several tenants, which only the Tempo API reads at once',
    );
  return tenants[0]!;
}

/** What a client is told about a name that is no tenant's. */
export function badTenant(text: string): string {
  return `X-Scope-OrgID has ${JSON.stringify(text.slice(0, 80))}: a tenant is 1 to 64 of the characters A-Z a-z 0-9 _ . -`;
}

function tenantWithoutHeader(account: Account): string {
  if (account.tenants === '*' || account.tenants.includes(defaultTenant)) return defaultTenant;
  const [only, ...others] = account.tenants;
  if (only !== undefined && others.length === 0) return only;
  throw new GrpcError(
    Status.INVALID_ARGUMENT,
    only === undefined
      ? `"${account.name}" may use no tenant`
      : `name the tenant in the header X-Scope-OrgID: "${account.name}" may use ${account.tenants.join(', ')}`,
  );
}
