import type { X509Certificate } from 'node:crypto';
import { type Access, checkWrite, tenantHeader, tenantOf } from '@signaldb/access';
import { GrpcError, type Metadata, Status } from '@signaldb/grpc';
import { Refusal, type RefusalReason } from './refusal.ts';

export { tenantHeader };

const reasons: Readonly<Record<number, RefusalReason>> = {
  [Status.UNAUTHENTICATED]: 'unauthenticated',
  [Status.PERMISSION_DENIED]: 'forbidden',
  [Status.INVALID_ARGUMENT]: 'bad_tenant',
  [Status.RESOURCE_EXHAUSTED]: 'busy',
  [Status.UNAVAILABLE]: 'closing',
};

/** The tenant to whom a sender of OTLP gives its data. @throws Refusal where it isn't known, or may not write there */
export async function senderTenant(
  access: Access,
  headers: Metadata,
  tenant: string | undefined,
  certificate?: X509Certificate,
): Promise<string> {
  try {
    const account = await access.admit(headers, certificate);
    checkWrite(account);
    return tenantOf(account, tenant);
  } catch (error) {
    const reason = error instanceof GrpcError ? reasons[error.code] : undefined;
    throw reason ? new Refusal(reason, (error as GrpcError).details, error) : error;
  }
}
