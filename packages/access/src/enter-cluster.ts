import { ClusterKey, type ControlPlane, clusterFetch, connectControlPlane, ownCertificate } from '@signaldb/component';
import { type AuthConfig, type Logger, loadTlsMaterial, type Shutdown, type TlsMaterial } from '@signaldb/runtime';
import { type Access, createAccess } from './access.ts';

/** The sections of a service that runs by itself. */
export interface EnterClusterConfig {
  readonly auth: AuthConfig;
  readonly tls: Parameters<typeof loadTlsMaterial>[0];
  readonly controlPlane: { readonly address: string };
}

/** What a service by itself needs to be one of a cluster. */
export interface ClusterEntry {
  /** Of its doors. */
  readonly tls: TlsMaterial | undefined;
  readonly access: Access;
  readonly controlPlane: ControlPlane;
  /** For flowctl's Iceberg catalog. */
  readonly catalogFetch: typeof fetch;
}

/** Reads certificates and accounts, and connects to the control plane, which is reached later. @throws StartupError */
export function enterCluster(
  { auth, tls: files, controlPlane: { address } }: EnterClusterConfig,
  { logger, shutdown }: { readonly logger: Logger; readonly shutdown: Shutdown },
): ClusterEntry {
  const tls = loadTlsMaterial(files);
  const own = ownCertificate(tls);
  const clusterKey = new ClusterKey(auth.clusterKey);
  const access = shutdown.add('access', createAccess({ config: auth, clusterKey, logger }));
  const controlPlane = shutdown.add('control plane', connectControlPlane(address, { clusterKey, ...own }));
  return { tls, access, controlPlane, catalogFetch: clusterFetch(clusterKey, own.tls) };
}
