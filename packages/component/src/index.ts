export { type Backoff, createBackoff } from './backoff.ts';
export { clusterFetch } from './cluster-fetch.ts';
export { ClusterKey, type ClusterKeyOptions } from './cluster-key.ts';
export { connectControlPlane } from './connect.ts';
export {
  type ClusterState,
  type ControlPlane,
  emptyClusterState,
  type Heartbeat,
  type LogAssignmentRequest,
  type LogEntry,
  type Registration,
  type SchemaInfo,
  type SchemaQuery,
  type ServiceEntry,
  type ServiceInfo,
  type ServiceStatus,
  type ServiceType,
} from './control-plane.ts';
export { createFlightClients, type FlightClients, type FlightClientsOptions } from './flight-clients.ts';
export { type JoinClusterOptions, joinCluster, type Membership, type MembershipLogger } from './membership.ts';
export { type OwnCertificate, ownCertificate } from './own-certificate.ts';
export { rendezvous } from './rendezvous.ts';
export * as wire from './wire.ts';
