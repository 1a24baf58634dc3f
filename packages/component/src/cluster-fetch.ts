import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { ClusterKey } from './cluster-key.ts';
import type { OwnCertificate } from './own-certificate.ts';

/**
 * A `fetch` whose requests prove that they come from the cluster itself: for flowctl's Iceberg catalog. Over `https:` it shows the
 * service's own certificate, which the global one can't; there it takes what that catalog's client uses: method, headers, a body of text.
 */
export function clusterFetch(clusterKey: ClusterKey, certificate?: OwnCertificate): typeof fetch {
  return (input, init = {}) => {
    const authorization = clusterKey.authorization();
    const headers = new Headers(init.headers);
    if (authorization) headers.set('authorization', authorization);
    const isTls = typeof input === 'string' && input.startsWith('https:');
    return certificate && isTls
      ? fetchWithCertificate(input, { ...init, headers }, certificate)
      : fetch(input, { ...init, headers });
  };
}

async function fetchWithCertificate(
  url: string,
  { method = 'GET', headers, body, signal }: RequestInit & { readonly headers: Headers },
  certificate: OwnCertificate,
): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request(url, {
    method,
    headers: Object.fromEntries(headers),
    ...certificate,
    ...(signal && { signal }),
  });
  sent.on('response', resolve).on('error', reject);
  sent.end(typeof body === 'string' ? body : undefined);
  const response = await promise;
  const content = await buffer(response);
  const status = response.statusCode!;
  const received = new Headers();
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined) received.set(name, [value].flat().join(', '));
  return new Response([204, 304].includes(status) ? null : new Uint8Array(content), { status, headers: received });
}
