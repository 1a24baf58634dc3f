import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import https from 'node:https';

/** What one attempt of one call knows while `minio` sends its requests. */
export interface Attempt {
  readonly signal: AbortSignal;
  /** The status of the last answer, which `minio` hides behind its own errors. */
  status?: number | undefined;
}

export interface S3Transport {
  readonly agent: http.Agent;
  request(options: http.RequestOptions, answered: (response: http.IncomingMessage) => void): http.ClientRequest;
  /** Runs `send` so that all its requests belong to this attempt. */
  during<T>(attempt: Attempt, send: () => Promise<T>): Promise<T>;
}

export interface S3TransportOptions {
  readonly secure: boolean;
  readonly connectionsMax: number;
  /** A request without a byte sent or received for this long is broken off. */
  readonly silenceMsMax: number;
}

// minio throws these answers away unread, which would hold their sockets.
const unread = new Set([408, 429, 499, 500, 502, 503, 504, 520]);

/** Requests for `minio` with what it lacks: time-outs, cancellation, a bound on connections. */
export function createS3Transport(options: S3TransportOptions): S3Transport {
  const current = new AsyncLocalStorage<Attempt>();
  const { request, Agent } = options.secure ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: options.connectionsMax, scheduling: 'lifo' });
  return {
    agent,
    request(requestOptions, answered) {
      const attempt = current.getStore();
      const outgoing = request({ ...requestOptions, agent, signal: attempt?.signal }, (response) => {
        if (attempt) attempt.status = response.statusCode;
        if (unread.has(response.statusCode ?? 0)) response.resume();
        answered(response);
      });
      outgoing.setTimeout(options.silenceMsMax, () => {
        outgoing.destroy(new Error(`no answer within ${options.silenceMsMax} ms`));
      });
      return outgoing;
    },
    during: (attempt, send) => current.run(attempt, send),
  };
}
