/** What a location's URI says. */
export type Location =
  | { readonly transport: 'inproc'; readonly name: string }
  /** `target` as gRPC takes it: `host:port` or `unix:path`. */
  | { readonly transport: 'grpc'; readonly target: string; readonly tls: boolean };

/**
 * Parses `inproc://name`, `grpc://host:port`, `grpc+tcp://host:port`, `grpc+tls://host:port`, `grpc+unix:///path`.
 * Throws a TypeError that names what is wrong.
 */
export function parseLocation(uri: string): Location {
  const match = /^([a-z+-]+):\/\/(.*)$/.exec(uri);
  if (!match) throw new TypeError(`"${uri}" is no location: it needs a scheme, like grpc://host:port`);
  const [, scheme, rest] = match as unknown as [string, string, string];
  switch (scheme) {
    case 'inproc':
      if (rest === '') throw new TypeError(`location "${uri}" names nothing`);
      return { transport: 'inproc', name: rest };
    case 'grpc':
    case 'grpc+tcp':
    case 'grpc+tls':
      return { transport: 'grpc', target: hostAndPort(rest, uri), tls: scheme === 'grpc+tls' };
    case 'grpc+unix':
      if (!rest.startsWith('/')) throw new TypeError(`location "${uri}" needs an absolute path: grpc+unix:///path`);
      return { transport: 'grpc', target: `unix:${rest}`, tls: false };
    default:
      throw new TypeError(`location "${uri}": scheme ${scheme} is none of inproc, grpc, grpc+tcp, grpc+tls, grpc+unix`);
  }
}

function hostAndPort(text: string, uri: string): string {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:/[\]?#]+):(\d{1,5})\/?$/.exec(text);
  if (!match || Number(match[2]) > 65_535) throw new TypeError(`location "${uri}" needs a host and a port`);
  return `${match[1]}:${match[2]}`;
}
