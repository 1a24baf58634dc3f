import { GrpcError, Status } from '@signaldb/grpc';

/** The header, and the key of gRPC metadata, that names the tenant. */
export const tenantHeader = 'x-scope-orgid';
const tenantPattern = /^[A-Za-z0-9_.-]{1,64}$/;
const tenantsMax = 16;

/** The tenants that a read names: `a|b` are two, none is `default`. Throws INVALID_ARGUMENT. */
export function tenantsOf(header: string | undefined): readonly string[] {
  const tenants = [...new Set((header || 'default').split('|'))];
  if (tenants.length > tenantsMax)
    throw new GrpcError(
      Status.INVALID_ARGUMENT,
      `X-Scope-OrgID names ${tenants.length} tenants, at most ${tenantsMax} can be read at once`,
    );
  for (const tenant of tenants) {
    if (!tenantPattern.test(tenant)) {
      throw new GrpcError(
        Status.INVALID_ARGUMENT,
        `X-Scope-OrgID has ${JSON.stringify(tenant)}: a tenant is 1 to 64 of the characters A-Z a-z 0-9 _ . -`,
      );
    }
  }
  return tenants;
}

/** The one tenant of a call that can't span several. */
export function tenantOf(header: string | undefined): string {
  const tenants = tenantsOf(header);
  if (tenants.length > 1)
    throw new GrpcError(
      Status.INVALID_ARGUMENT,
      'X-Scope-OrgID names several tenants, which only the Tempo API reads at once',
    );
  return tenants[0]!;
}
