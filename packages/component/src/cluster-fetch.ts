import type { ClusterKey } from './cluster-key.ts';

/** A `fetch` whose requests prove that they come from the cluster itself: for flowctl's Iceberg catalog. */
export function clusterFetch(clusterKey: ClusterKey): typeof fetch {
  return (input, init) => {
    const authorization = clusterKey.authorization();
    if (!authorization) return fetch(input, init);
    const headers = new Headers(init?.headers);
    headers.set('authorization', authorization);
    return fetch(input, { ...init, headers });
  };
}
