import type { ServiceInfo } from '@signaldb/component';

export function exampleService(serviceId: string, more: Partial<ServiceInfo> = {}): ServiceInfo {
  return {
    serviceId,
    type: 'sink',
    role: 'writer',
    location: `grpc://${serviceId}:8816`,
    inputEventTypes: ['signaldb.traces'],
    outputEventTypes: [],
    healthEndpoint: '',
    maxInflight: 0,
    metadata: {},
    supportedSchemas: [],
    ...more,
  };
}
