/** Who calls, and what they may do. Fits Flight's Principal. */
export interface Account {
  readonly name: string;
  /** The tenants whose data it may name; `*` is all. */
  readonly tenants: readonly string[] | '*';
  /** Whether it may change anything. */
  readonly write: boolean;
  /** A service of the cluster itself. */
  readonly internal?: boolean;
  readonly [claim: string]: unknown;
}

/** Who calls where authentication is off. */
export const everyone: Account = { name: 'anonymous', tenants: '*', write: true, internal: true };

/** Who calls when a service of the cluster does. */
export const theCluster: Account = { name: 'cluster', tenants: '*', write: true, internal: true };

/** The account of a Flight call; everyone where nobody asked, in one process or without authentication. */
export function accountOf(context: { readonly principal?: unknown }): Account {
  return (context.principal as Account | undefined) ?? everyone;
}

export function mayName(account: Account, tenant: string): boolean {
  return account.tenants === '*' || account.tenants.includes(tenant);
}
