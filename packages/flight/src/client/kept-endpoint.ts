import { renewFlightEndpoint } from '../actions/client-actions.ts';
import type { CallOptions, FlightClient } from '../client.ts';
import type { FlightEndpoint } from '../flight-info.ts';

/** Longer than a timer can be. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * An endpoint that waits for its turn, kept from expiring: renewed each time when half of the time that it has left is
 * over. Where that fails it stays as it is: whether it is still good, its server says when it is fetched.
 */
export class KeptEndpoint {
  readonly #client: FlightClient;
  readonly #options: CallOptions;
  #endpoint: FlightEndpoint;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;
  #released = false;

  constructor(endpoint: FlightEndpoint, client: FlightClient, options: CallOptions) {
    this.#endpoint = endpoint;
    this.#client = client;
    this.#options = options;
    this.#schedule();
  }

  /** The endpoint as it is to be fetched; from now on it isn't renewed any more. */
  async take(): Promise<FlightEndpoint> {
    this.release();
    await this.#renewing;
    return this.#endpoint;
  }

  /** Nobody will fetch it. */
  release(): void {
    this.#released = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { expirationTime } = this.#endpoint;
    if (!expirationTime || this.#released) return;
    const waitMs = Math.min(Math.max(0, expirationTime.getTime() - Date.now()) / 2, TIMER_MS_MAX);
    this.#timer = setTimeout(() => {
      this.#renewing = this.#renew();
    }, waitMs).unref();
  }

  async #renew(): Promise<void> {
    try {
      const before = this.#endpoint.expirationTime?.getTime() ?? 0;
      this.#endpoint = await renewFlightEndpoint(this.#client, this.#endpoint, this.#options);
      // A server that gives no more time would be asked without end.
      if ((this.#endpoint.expirationTime?.getTime() ?? 0) > before) this.#schedule();
    } catch {
      // As it is, it may be good still.
    }
  }
}
