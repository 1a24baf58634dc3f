import type { Metadata } from '@signaldb/grpc';

/** What a call brings to say who makes it. */
export type Credentials =
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'apiKey'; readonly key: string }
  /** An `authorization` header that can't be understood; `problem` says why, without its value. */
  | { readonly kind: 'unreadable'; readonly problem: string };

/** The header of Flight's own handshake protocol, in which C++ and Java send the token that it gave them. */
const HANDSHAKE_TOKEN_HEADER = 'auth-token-bin';

/** The credentials in a call's headers: `authorization`, else the API key's header, else a handshake's token. */
export function credentialsOf(metadata: Metadata, apiKeyHeader: string): Credentials | undefined {
  const authorization = metadata.get('authorization');
  if (authorization !== undefined) return parseAuthorization(authorization);
  const key = metadata.get(apiKeyHeader);
  if (key !== undefined) return { kind: 'apiKey', key };
  const token = metadata.getBinary(HANDSHAKE_TOKEN_HEADER);
  return token && { kind: 'bearer', token: Buffer.from(token).toString() };
}

function parseAuthorization(text: string): Credentials {
  const [scheme = '', value = ''] = text.trim().split(/ +(.*)/);
  switch (scheme.toLowerCase()) {
    case 'basic':
      return parseBasic(value);
    case 'bearer':
      return value ? { kind: 'bearer', token: value } : unreadable('"Bearer" is followed by no token');
    case 'apikey':
      return value ? { kind: 'apiKey', key: value } : unreadable('"ApiKey" is followed by no key');
    default:
      return unreadable('it begins with none of Basic, Bearer, ApiKey');
  }
}

/** Padded or not, with either alphabet: clients differ. https://www.rfc-editor.org/rfc/rfc7617 */
function parseBasic(text: string): Credentials {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return unreadable('what follows "Basic" is no base64');
  const pair = Buffer.from(text, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon < 0) return unreadable('what follows "Basic" isn\'t user:password in base64');
  return { kind: 'basic', user: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

function unreadable(problem: string): Credentials {
  return { kind: 'unreadable', problem };
}
