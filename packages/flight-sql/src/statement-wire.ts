import type { SubstraitPlan } from './statement.ts';

/** Drivers that use no transaction send none, or an empty one. */
export function transactionFromWire(id: Uint8Array | undefined): { transaction?: Uint8Array } {
  return id?.length ? { transaction: id } : {};
}

export function planFromWire(plan: { readonly plan: Uint8Array; readonly version: string } | undefined): SubstraitPlan {
  return { bytes: plan?.plan ?? new Uint8Array(0), version: plan?.version ?? '' };
}
