/** The HTTP header, and the key of gRPC metadata, that names the tenant. */
export const tenantHeader = 'x-scope-orgid';

const tenantPattern = /^(?!\.+$)[A-Za-z0-9_.-]{1,64}$/;

/** The tenant that a request names, `default` where it names none, `undefined` where that is no tenant's name. */
export function tenantOf(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return 'default';
  return tenantPattern.test(header) ? header : undefined;
}

/** What a client is told about a name that `tenantOf` refuses. */
export function badTenant(header: string): string {
  const shown = JSON.stringify(header.slice(0, 80));
  return `X-Scope-OrgID has ${shown}: a tenant is 1 to 64 of the characters A-Z a-z 0-9 _ . -`;
}
