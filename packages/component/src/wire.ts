import type * as pb from '@signaldb/proto/flowctl/control_plane';
import type {
  ClusterState,
  LogEntry,
  SchemaInfo,
  ServiceEntry,
  ServiceInfo,
  ServiceStatus,
  ServiceType,
} from './control-plane.ts';

/** Under this name the answer to a registration has the cluster's key, in base64, where the control plane hands it out. */
export const clusterKeyInfo = 'signaldb.cluster_key';

const serviceTypes: readonly ServiceType[] = ['unspecified', 'source', 'processor', 'sink', 'pipeline'];

/** Both ways between the messages of `flowctl.ControlPlane` and the types that code uses. */

export function serviceTypeToWire(type: ServiceType): pb.ServiceType {
  return serviceTypes.indexOf(type) as pb.ServiceType;
}

export function serviceTypeFromWire(type: pb.ServiceType): ServiceType {
  return serviceTypes[type] ?? 'unspecified';
}

/** Role and location travel as metadata, where services that know nothing of them have nothing. */
export function serviceInfoToWire(info: ServiceInfo): pb.ServiceInfo {
  return {
    serviceId: info.serviceId,
    serviceType: serviceTypeToWire(info.type),
    inputEventTypes: [...info.inputEventTypes],
    outputEventTypes: [...info.outputEventTypes],
    healthEndpoint: info.healthEndpoint,
    maxInflight: info.maxInflight,
    metadata: {
      ...info.metadata,
      ...(info.role && { role: info.role }),
      ...(info.location && { location: info.location }),
    },
    supportedSchemas: info.supportedSchemas.map(schemaToWire),
  };
}

export function serviceInfoFromWire(message: pb.ServiceInfo): ServiceInfo {
  const { role = '', location = '', ...metadata } = message.metadata;
  return {
    serviceId: message.serviceId,
    type: serviceTypeFromWire(message.serviceType),
    role,
    location,
    inputEventTypes: message.inputEventTypes,
    outputEventTypes: message.outputEventTypes,
    healthEndpoint: message.healthEndpoint,
    maxInflight: message.maxInflight,
    metadata,
    supportedSchemas: message.supportedSchemas.map(schemaFromWire),
  };
}

export function schemaToWire(schema: SchemaInfo): pb.SchemaInfo {
  return { ...schema, compatibleVersions: [...schema.compatibleVersions] };
}

export function schemaFromWire(message: pb.SchemaInfo): SchemaInfo {
  return message;
}

export function statusToWire(status: ServiceStatus): pb.ServiceStatus {
  return {
    serviceId: status.serviceId,
    serviceType: serviceTypeToWire(status.type),
    isHealthy: status.healthy,
    lastHeartbeat: timestampToWire(status.lastHeartbeatMs),
    metrics: { ...status.metrics },
    componentId: status.serviceId,
  };
}

export function statusFromWire(message: pb.ServiceStatus): ServiceStatus {
  return {
    serviceId: message.serviceId,
    type: serviceTypeFromWire(message.serviceType),
    healthy: message.isHealthy,
    lastHeartbeatMs: timestampFromWire(message.lastHeartbeat),
    metrics: message.metrics,
  };
}

export function stateToWire(state: ClusterState): pb.ClusterState {
  return {
    revision: BigInt(state.revision),
    services: state.services.map(entryToWire),
    logs: state.logs.map(logToWire),
  };
}

export function stateFromWire(message: pb.ClusterState): ClusterState {
  return {
    revision: Number(message.revision),
    services: message.services.map(entryFromWire),
    logs: message.logs.map(logFromWire),
  };
}

function entryToWire(entry: ServiceEntry): pb.ServiceEntry {
  const { type, healthy, epoch, ...rest } = entry;
  return {
    ...rest,
    serviceType: serviceTypeToWire(type),
    isHealthy: healthy,
    epoch: BigInt(epoch),
    metadata: { ...entry.metadata },
    inputEventTypes: [...entry.inputEventTypes],
    outputEventTypes: [...entry.outputEventTypes],
  };
}

function entryFromWire({ serviceType, isHealthy, epoch, ...rest }: pb.ServiceEntry): ServiceEntry {
  return { ...rest, type: serviceTypeFromWire(serviceType), healthy: isHealthy, epoch: Number(epoch) };
}

const logToWire = (log: LogEntry): pb.LogEntry => ({ ...log, epoch: BigInt(log.epoch) });
const logFromWire = (message: pb.LogEntry): LogEntry => ({ ...message, epoch: Number(message.epoch) });

export function timestampToWire(ms: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

export function timestampFromWire(timestamp: { seconds: bigint; nanos: number } | undefined): number {
  return timestamp ? Number(timestamp.seconds) * 1000 + timestamp.nanos / 1e6 : 0;
}
