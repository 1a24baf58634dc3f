import { type CommandOf, done, type Outcome, refused } from './command.ts';
import { type FlowState, withEntry, withoutEntry } from './state.ts';

type Step<T> = readonly [state: FlowState, outcome: Outcome<T>];

/** Answers with the registration's epoch. */
export function register(state: FlowState, { info, atMs }: CommandOf<'register'>): Step<number> {
  const epoch = state.nextEpoch;
  const services = withEntry(state.services, info.serviceId, { info, epoch, healthy: true, registeredAtMs: atMs });
  return [{ ...state, services, nextEpoch: epoch + 1, revision: state.revision + 1 }, done(epoch)];
}

/** Answers whether there was such a registration. */
export function unregister(state: FlowState, { serviceId, epoch }: CommandOf<'unregister'>): Step<boolean> {
  const service = state.services.get(serviceId);
  if (!service || (epoch !== undefined && service.epoch !== epoch)) return [state, done(false)];
  return [{ ...state, services: withoutEntry(state.services, serviceId), revision: state.revision + 1 }, done(true)];
}

export function setHealth(state: FlowState, { serviceId, epoch, healthy }: CommandOf<'set-health'>): Step<void> {
  const service = state.services.get(serviceId);
  if (!service || service.epoch !== epoch)
    return [state, refused('NOT_FOUND', `No service "${serviceId}" of epoch ${epoch}.`)];
  if (service.healthy === healthy) return [state, done(undefined)];
  const services = withEntry(state.services, serviceId, { ...service, healthy });
  return [{ ...state, services, revision: state.revision + 1 }, done(undefined)];
}
