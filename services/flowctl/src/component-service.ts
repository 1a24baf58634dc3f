import type { ControlPlane, ServiceInfo, ServiceStatus } from '@signaldb/component';
import { wire } from '@signaldb/component';
import { GrpcError, type ServiceImplementation, Status } from '@signaldb/grpc';
import { type ComponentInfo, ComponentType, HealthStatus } from '@signaldb/proto/flowctl/v1/common';
import type { ComponentStatusResponse, ControlPlaneServiceService } from '@signaldb/proto/flowctl/v1/control_plane';
import type { FlowState, ServiceRecord } from './state/state.ts';

const componentTypes = new Map<ServiceInfo['type'], ComponentType>([
  ['source', ComponentType.COMPONENT_TYPE_SOURCE],
  ['processor', ComponentType.COMPONENT_TYPE_PROCESSOR],
  ['sink', ComponentType.COMPONENT_TYPE_CONSUMER],
]);

/** `flowctl.v1.ControlPlaneService`: the same registrations, as the clients of flowctl's SDK see them. */
export function componentService(
  controlPlane: ControlPlane,
  state: () => FlowState,
): ServiceImplementation<typeof ControlPlaneServiceService> {
  const components = () => [...state().services.values()];
  return {
    async registerComponent({ component, componentId }) {
      if (!component) throw new GrpcError(Status.INVALID_ARGUMENT, 'component is missing.');
      const { serviceId } = await controlPlane.register(toServiceInfo(component, componentId || component.id));
      return { serviceId, assignedTopics: [], connectionInfo: {} };
    },
    async unregisterComponent({ serviceId }) {
      if (!state().services.has(serviceId)) throw notFound(serviceId);
      await controlPlane.unregister(serviceId);
      return {};
    },
    async discoverComponents({ type, eventTypes, metadataFilters }) {
      const wantedMetadata = Object.entries(metadataFilters);
      const found = components().filter(({ info, healthy }) => {
        const handled = new Set([...info.inputEventTypes, ...info.outputEventTypes]);
        return (
          healthy &&
          (type === ComponentType.COMPONENT_TYPE_UNSPECIFIED || componentTypes.get(info.type) === type) &&
          (eventTypes.length === 0 || eventTypes.some((eventType) => handled.has(eventType))) &&
          wantedMetadata.every(([key, value]) => info.metadata[key] === value)
        );
      });
      return { components: found.map(toComponent) };
    },
    async heartbeat({ serviceId, metrics }) {
      const numbers = Object.entries(metrics).map(([name, text]) => [name, Number(text)] as const);
      await controlPlane.heartbeat({
        serviceId,
        epoch: 0,
        metrics: Object.fromEntries(numbers.filter(([, value]) => !Number.isNaN(value))),
      });
      return {};
    },
    async getComponentStatus({ serviceId }) {
      const record = state().services.get(serviceId);
      if (!record) throw notFound(serviceId);
      return toStatus(record, await controlPlane.serviceStatus(serviceId));
    },
    async listComponents({ typeFilter, includeUnhealthy }) {
      const statuses = new Map((await controlPlane.listServices()).map((status) => [status.serviceId, status]));
      const found = components().filter(
        ({ info, healthy }) =>
          (healthy || includeUnhealthy) &&
          (typeFilter === ComponentType.COMPONENT_TYPE_UNSPECIFIED || componentTypes.get(info.type) === typeFilter),
      );
      return { components: found.map((record) => toStatus(record, statuses.get(record.info.serviceId))) };
    },
  };
}

const notFound = (serviceId: string) => new GrpcError(Status.NOT_FOUND, `No component "${serviceId}" is registered.`);

/** Name, description and version have no place of their own in a registration: they travel as metadata. */
function toServiceInfo(component: ComponentInfo, serviceId: string): ServiceInfo {
  const type = [...componentTypes].find(([, value]) => value === component.type)?.[0] ?? 'unspecified';
  const { name, description, version } = component;
  const { role = '', ...metadata } = component.metadata;
  return {
    serviceId,
    type,
    role,
    location:
      component.endpoint && !component.endpoint.includes('://') ? `grpc://${component.endpoint}` : component.endpoint,
    inputEventTypes: component.inputEventTypes,
    outputEventTypes: component.outputEventTypes,
    healthEndpoint: '',
    maxInflight: 0,
    metadata: { ...metadata, ...(name && { name }), ...(description && { description }), ...(version && { version }) },
    supportedSchemas: [],
  };
}

function toComponent({ info }: ServiceRecord): ComponentInfo {
  const { name = info.serviceId, description = '', version = '', ...metadata } = info.metadata;
  return {
    id: info.serviceId,
    name,
    description,
    version,
    type: componentTypes.get(info.type) ?? ComponentType.COMPONENT_TYPE_UNSPECIFIED,
    inputEventTypes: [...info.inputEventTypes],
    outputEventTypes: [...info.outputEventTypes],
    endpoint: info.location.replace(/^grpc:\/\//, ''),
    metadata: { ...metadata, ...(info.role && { role: info.role }) },
  };
}

function toStatus(record: ServiceRecord, status: ServiceStatus | undefined): ComponentStatusResponse {
  return {
    component: toComponent(record),
    status: record.healthy ? HealthStatus.HEALTH_STATUS_HEALTHY : HealthStatus.HEALTH_STATUS_UNHEALTHY,
    lastHeartbeat: status && wire.timestampToWire(status.lastHeartbeatMs),
    metrics: Object.fromEntries(Object.entries(status?.metrics ?? {}).map(([name, value]) => [name, String(value)])),
    registeredAt: wire.timestampToWire(record.registeredAtMs),
  };
}
