import * as pb from '@signaldb/proto/flowctl/control_plane';
import { createBackoff } from './backoff.ts';
import type { ClusterState, ControlPlane } from './control-plane.ts';
import { type ChannelOptions, openChannel } from './control-plane-channel.ts';
import {
  clusterKeyInfo,
  schemaFromWire,
  schemaToWire,
  serviceInfoToWire,
  stateFromWire,
  statusFromWire,
  timestampToWire,
} from './wire.ts';

const methods = pb.ControlPlaneService;

/**
 * A client of `flowctl.ControlPlane`. It connects by itself and again after the other side went away; a single call fails with
 * UNAVAILABLE or DEADLINE_EXCEEDED meanwhile, a watch waits.
 */
export function connectControlPlane(
  address: string,
  options: Partial<Omit<ChannelOptions, 'address'>> = {},
): ControlPlane {
  const { timeoutMs = 5000 } = options;
  const channel = openChannel({ ...options, address, timeoutMs });
  const closed = new AbortController();

  return {
    async register(info) {
      const ack = await channel.unary(methods.register, serviceInfoToWire(info));
      const key = ack.connectionInfo[clusterKeyInfo];
      if (key) options.clusterKey?.learn(Buffer.from(key, 'base64'));
      return { serviceId: ack.serviceId, epoch: Number(ack.epoch), leaseMs: Number(ack.leaseMs) };
    },
    async heartbeat({ serviceId, epoch, metrics }) {
      const timestamp = timestampToWire(Date.now());
      await channel.unary(methods.heartbeat, { serviceId, epoch: BigInt(epoch), timestamp, metrics: { ...metrics } });
    },
    async unregister(serviceId) {
      await channel.unary(methods.unregister, { serviceId }, Math.min(timeoutMs, 2000));
    },
    async serviceStatus(serviceId) {
      return statusFromWire(await channel.unary(methods.getServiceStatus, { ...emptyServiceInfo, serviceId }));
    },
    async listServices() {
      return (await channel.unary(methods.listServices, {})).services.map(statusFromWire);
    },
    watch(signal) {
      return watchForever(signal ? AbortSignal.any([signal, closed.signal]) : closed.signal);
    },
    async assignLog({ logId, acceptorId, writerId, renew = false }) {
      const { epoch } = await channel.unary(methods.assignLog, { logId, acceptorId, writerId, renew });
      return { epoch: Number(epoch) };
    },
    async drainLog({ logId, epoch }) {
      await channel.unary(methods.drainLog, { logId, epoch: BigInt(epoch) });
    },
    async registerSchema(schema) {
      return schemaFromWire(await channel.unary(methods.registerSchema, schemaToWire(schema)));
    },
    async getSchema({ eventType, version = 0, fingerprint = '' }) {
      return schemaFromWire(
        await channel.unary(methods.getSchema, { eventType, version, schemaFingerprint: fingerprint }),
      );
    },
    async close() {
      closed.abort();
      channel.close();
    },
  };

  async function* watchForever(signal: AbortSignal): AsyncIterable<ClusterState> {
    const backoff = createBackoff();
    while (!signal.aborted) {
      try {
        for await (const message of channel.stream(methods.watch, {}, signal)) {
          backoff.reset();
          yield stateFromWire(message);
        }
      } catch {
        // Not reached, or lost: tried again below. Who watches keeps the last state meanwhile.
      }
      await backoff.wait(signal);
    }
  }
}

const emptyServiceInfo: pb.ServiceInfo = {
  serviceId: '',
  serviceType: pb.ServiceType.SERVICE_TYPE_UNSPECIFIED,
  inputEventTypes: [],
  outputEventTypes: [],
  healthEndpoint: '',
  maxInflight: 0,
  metadata: {},
  supportedSchemas: [],
};
