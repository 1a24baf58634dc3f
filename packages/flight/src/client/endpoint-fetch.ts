import { GrpcError, Status } from '@signaldb/grpc';
import { asGrpcError, cancelled } from '../call-failure.ts';
import type { CallOptions } from '../client.ts';
import type { FlightEndpoint } from '../flight-info.ts';
import type { FlightMessage } from '../flight-message.ts';
import type { KeptEndpoint } from './kept-endpoint.ts';
import type { LocationClients } from './location-clients.ts';

const MESSAGE_BYTES = 64;

export interface EndpointFetchOptions {
  readonly clients: LocationClients;
  /** The options of a call that begins now. */
  readonly callOptions: () => CallOptions;
  /** Bytes that wait here at most, beside one message. */
  readonly bufferBytesMax: number;
  /** Ends the fetch. */
  readonly signal: AbortSignal;
  /** Called when there is something to take, or nothing more; with the error where the fetch failed. */
  readonly onChange: (failure?: { readonly error: unknown }) => void;
}

/** One endpoint being fetched: reads ahead up to a bound, then its server is slowed. */
export class EndpointFetch {
  readonly #options: EndpointFetchOptions;
  readonly #items: { readonly message: FlightMessage; readonly bytes: number }[] = [];
  #bytes = 0;
  #wake: (() => void) | undefined;
  #over = false;

  constructor(kept: KeptEndpoint, options: EndpointFetchOptions) {
    this.#options = options;
    this.#run(kept).then(
      () => {
        this.#over = true;
        options.onChange();
      },
      (error) => options.onChange({ error }),
    );
  }

  /** Whether everything was taken. */
  get over(): boolean {
    return this.#over && this.#items.length === 0;
  }

  take(): FlightMessage | undefined {
    const item = this.#items.shift();
    if (!item) return undefined;
    this.#bytes -= item.bytes;
    if (this.#bytes <= this.#options.bufferBytesMax) this.#wake?.();
    return item.message;
  }

  /** Tries one location after another until one answers; then it is that one's to deliver. */
  async #run(kept: KeptEndpoint): Promise<void> {
    const endpoint = await kept.take();
    const locations = endpoint.locations.length > 0 ? endpoint.locations : [this.#options.clients.home.location];
    const failures: { location: string; error: GrpcError }[] = [];
    for (const location of locations) {
      try {
        await this.#readFrom(location, endpoint);
        return;
      } catch (thrown) {
        const error =
          thrown instanceof TypeError ? new GrpcError(Status.UNAVAILABLE, thrown.message) : asGrpcError(thrown);
        if (this.#began || this.#options.signal.aborted || error.code === Status.DEADLINE_EXCEEDED) throw error;
        failures.push({ location, error });
      }
    }
    throw failures.length === 1 ? failures[0]!.error : noLocation(failures);
  }

  #began = false;

  async #readFrom(location: string, { ticket }: FlightEndpoint): Promise<void> {
    const { clients, callOptions, signal } = this.#options;
    if (signal.aborted) throw cancelled();
    for await (const message of clients.get(location).doGet(ticket, { ...callOptions(), signal })) {
      this.#began = true;
      const bytes = MESSAGE_BYTES + (message.batch?.data.byteLength ?? 0) + (message.appMetadata?.length ?? 0);
      this.#items.push({ message, bytes });
      this.#bytes += bytes;
      this.#options.onChange();
      while (this.#bytes > this.#options.bufferBytesMax && !signal.aborted) await this.#room(signal);
    }
  }

  #room(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

function noLocation(failures: readonly { location: string; error: GrpcError }[]): GrpcError {
  const all = failures.map(({ location, error }) => `${location}: ${error.message}`).join('; ');
  const { code, metadata } = failures.at(-1)!.error;
  return new GrpcError(code, `none of the endpoint's locations could be fetched (${all})`, metadata);
}
