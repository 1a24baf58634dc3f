import type { ClusterState } from '@signaldb/component';
import type { FlowState } from './state.ts';

/** The part of the state that services watch. */
export function clusterState({ revision, services, logs }: FlowState): ClusterState {
  return {
    revision,
    services: [...services.values()].map(({ info, epoch, healthy }) => ({
      serviceId: info.serviceId,
      type: info.type,
      role: info.role,
      location: info.location,
      healthy,
      epoch,
      metadata: info.metadata,
      inputEventTypes: info.inputEventTypes,
      outputEventTypes: info.outputEventTypes,
    })),
    logs: [...logs.values()].map(({ logId, acceptorId, writerId, epoch, drained }) => ({
      logId,
      acceptorId,
      writerId,
      epoch,
      drained,
    })),
  };
}
