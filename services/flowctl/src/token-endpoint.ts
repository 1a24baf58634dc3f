import { type Access, challenge, credentialHeaders } from '@signaldb/access';
import { GrpcError } from '@signaldb/grpc';
import type { FastifyInstance } from 'fastify';

/**
 * `POST /v1/oauth/tokens`: OAuth2's client credentials for a bearer token, as Iceberg's clients ask with `credential=user:password`.
 * https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 */
export function addTokenEndpoint(server: FastifyInstance, access: Access): void {
  server.post('/v1/oauth/tokens', async (request, reply) => {
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
    const refuse = (code: number, error: string, description: string) =>
      reply.code(code).header('cache-control', 'no-store').send({ error, error_description: description });
    const grant = form.get('grant_type');
    if (grant !== 'client_credentials')
      return refuse(400, 'unsupported_grant_type', 'the grant_type has to be client_credentials');
    const [user, password] = [form.get('client_id'), form.get('client_secret')];
    const headers = credentialHeaders(
      user === null || password === null ? request.headers : { authorization: basic(user, password) },
    );
    try {
      const { token, expires } = await access.issue(await access.admit(headers));
      return reply.header('cache-control', 'no-store').send({
        access_token: token,
        token_type: 'bearer',
        expires_in: Math.floor((expires.getTime() - Date.now()) / 1000),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      });
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error;
      reply.header('www-authenticate', challenge);
      return refuse(access.required ? 401 : 400, access.required ? 'invalid_client' : 'invalid_request', error.details);
    }
  });
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
