import { GrpcError, Status } from '@signaldb/grpc';
import type { FlightService } from '../service.ts';

export interface InprocOptions {
  /** Bytes that wait in a stream at most, each way, beside the message being handed over. Default 8 MiB. */
  readonly bufferBytesMax?: number;
}

/** Services of one process, found by name: `inproc://name`. */
export interface InprocNetwork {
  /** Serves until closed; throws where the name is taken. Closing ends the calls under way with UNAVAILABLE. */
  serve(name: string, service: Partial<FlightService>): { close(): void };
}

/** What is served under a name, with the calls that it answers. */
export interface InprocServer {
  readonly service: Partial<FlightService>;
  readonly calls: Set<{ abort(error: unknown): void }>;
}

/** Creates a network of its own: nothing is shared with others. */
export function createInprocNetwork(options: InprocOptions = {}): InprocNetwork {
  return new LocalNetwork(options);
}

export class LocalNetwork implements InprocNetwork {
  readonly bufferBytesMax: number;
  readonly #servers = new Map<string, InprocServer>();

  constructor(options: InprocOptions) {
    this.bufferBytesMax = options.bufferBytesMax ?? 8 * 2 ** 20;
  }

  serve(name: string, service: Partial<FlightService>): { close(): void } {
    if (this.#servers.has(name)) throw new Error(`inproc://${name} is served already`);
    const server: InprocServer = { service, calls: new Set() };
    this.#servers.set(name, server);
    return {
      close: () => {
        if (this.#servers.get(name) !== server) return;
        this.#servers.delete(name);
        const error = new GrpcError(Status.UNAVAILABLE, `inproc://${name} was closed`);
        for (const call of [...server.calls]) call.abort(error);
      },
    };
  }

  /** Throws UNAVAILABLE where nobody serves the name (any more, or yet). */
  find(name: string): InprocServer {
    const server = this.#servers.get(name);
    if (!server) throw new GrpcError(Status.UNAVAILABLE, `nothing is served at inproc://${name}`);
    return server;
  }
}
