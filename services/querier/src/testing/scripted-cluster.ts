import type { ClusterState, LogEntry, ServiceEntry } from '@signaldb/component';
import type { FlightAction, FlightClient } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';

/** Answers one action: results, in order. */
export type ActionScript = (
  body: Record<string, unknown>,
) => unknown[] | Promise<unknown[]> | AsyncIterable<Uint8Array>;

/** Acceptors and writers that answer by scripts, and what they were asked. */
export class ScriptedCluster {
  readonly asked: { readonly location: string; readonly type: string; readonly body: Record<string, unknown> }[] = [];
  readonly #scripts = new Map<string, Record<string, ActionScript>>();
  #state: ClusterState = { revision: 1, services: [], logs: [] };

  get state(): ClusterState {
    return this.#state;
  }

  setState(state: Partial<ClusterState>): void {
    this.#state = { ...this.#state, ...state, revision: this.#state.revision + 1 };
  }

  /** Forgets all, as before the first state has come. */
  blank(): void {
    this.#state = { revision: 0, services: [], logs: [] };
  }

  addService(role: string, serviceId: string, scripts: Record<string, ActionScript>): void {
    const location = `inproc://${serviceId}`;
    this.#scripts.set(location, scripts);
    const entry: ServiceEntry = {
      serviceId,
      type: 'processor',
      role,
      location,
      healthy: true,
      epoch: 1,
      metadata: {},
      inputEventTypes: [],
      outputEventTypes: [],
    };
    const others = this.#state.services.filter((service) => service.serviceId !== serviceId);
    this.setState({ services: [...others, entry] });
  }

  addLog(log: Omit<LogEntry, 'drained'> & { drained?: boolean }): void {
    const others = this.#state.logs.filter(({ logId }) => logId !== log.logId);
    this.setState({ logs: [...others, { drained: false, ...log }] });
  }

  /** A client of a location, as far as queriers use one. */
  get(location: string): FlightClient {
    const { asked } = this;
    const scripts = this.#scripts.get(location);
    async function* doAction(
      action: FlightAction,
      { timeoutMs }: { timeoutMs?: number } = {},
    ): AsyncGenerator<Uint8Array> {
      const body = JSON.parse(Buffer.from(action.body).toString());
      asked.push({ location, type: action.type, body });
      const script = scripts?.[action.type];
      if (script === undefined) throw new GrpcError(Status.UNAVAILABLE, 'connection refused');
      const late = new Promise<never>((_, reject) => {
        if (timeoutMs !== undefined)
          setTimeout(() => reject(new GrpcError(Status.DEADLINE_EXCEEDED, 'too late')), timeoutMs).unref();
      });
      late.catch(() => {});
      const answer = script(body);
      if (Symbol.asyncIterator in answer) yield* answer as AsyncIterable<Uint8Array>;
      else
        for (const result of await Promise.race([answer as unknown[], late])) yield Buffer.from(JSON.stringify(result));
    }
    return { location, doAction } as unknown as FlightClient;
  }
}
