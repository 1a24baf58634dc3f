import { type Access, checkWrite } from '@signaldb/access';
import { GrpcError, type Interceptor, type ServerCall, Status } from '@signaldb/grpc';

/** Who may talk to the control plane, and who gets the cluster's key of it. */
export interface Members {
  /** Run before each call. Refuses with UNAUTHENTICATED or PERMISSION_DENIED who may not. */
  readonly interceptor: Interceptor;
  readonly keyFor: (call: ServerCall) => Uint8Array | undefined;
}

/**
 * Where authentication is on, the control plane is for the cluster's services, which prove that they have its key, and for accounts
 * that may write to all tenants. A key that the operator didn't choose is handed to services on the same machine alone,
 * since a service can't prove anything before it has it; where authentication is off, to each that registers.
 */
export function admitMembers(access: Access): Members {
  const { clusterKey } = access;
  const isNeighbour = ({ peer }: ServerCall) => !clusterKey.configured && isLoopback(peer);
  return {
    async interceptor(call) {
      if (!access.required || isOpen(call.path)) return;
      if (isNeighbour(call) && !call.metadata.has('authorization')) return;
      const account = await access.admit(call.metadata, call.peerCertificate).catch((error: GrpcError) => {
        throw new GrpcError(error.code, `${error.details}. ${advice}`, error.metadata);
      });
      if (account.tenants !== '*')
        throw new GrpcError(
          Status.PERMISSION_DENIED,
          `"${account.name}" may not use the control plane: its tenants have to be "*"`,
        );
      checkWrite(account);
    },
    keyFor: (call) => (!access.required || isNeighbour(call) ? clusterKey.secret : undefined),
  };
}

const advice = 'A service of the cluster needs the same auth.clusterKey as flowctl';

/** What probes and people with grpcurl ask. */
function isOpen(path: string): boolean {
  return path.startsWith('/grpc.health.') || path.startsWith('/grpc.reflection.');
}

/** `127.0.0.1:5`, `[::1]:5`, `::ffff:127.0.0.1:5` */
function isLoopback(peer: string): boolean {
  return /^(\[?::ffff:)?127\.|^\[?::1\]?(:|$)/.test(peer);
}
