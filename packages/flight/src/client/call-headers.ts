import type { CallOptions, FlightClient } from '../client.ts';
import { wrapClient } from '../middleware/wrap-calls.ts';

/**
 * A client that sends headers with every call; a call's own win. Given as a function, they are asked for at each call.
 * Closing it closes the client within.
 */
export function withCallHeaders(
  client: FlightClient,
  headers: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>),
): FlightClient {
  const withHeaders = (options: CallOptions): CallOptions => ({
    ...options,
    metadata: { ...(typeof headers === 'function' ? headers() : headers), ...options.metadata },
  });
  return wrapClient(client, {
    unary: ({ context }, next) => next(withHeaders(context)),
    stream: ({ context }, next) => next(withHeaders(context)),
  });
}
