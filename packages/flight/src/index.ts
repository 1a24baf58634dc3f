export {
  cancelFlightInfo,
  closeSession,
  getSessionOptions,
  renewFlightEndpoint,
  setSessionOptions,
} from './actions/client-actions.ts';
export {
  type CancelFlightStatus,
  type FlightActionHandlers,
  type FlightActions,
  flightActions,
  withFlightActions,
} from './actions/flight-actions.ts';
export type { CloseSessionStatus, SessionError, Sessions, SessionValue } from './actions/sessions.ts';
export { type ArrowStatus, type ArrowStatusCode, arrowError, arrowStatusOf } from './arrow-status.ts';
export type { Authenticator, IssuedToken } from './auth/authenticator.ts';
export { type BearerTokenOptions, createBearerTokens } from './auth/bearer-tokens.ts';
export { type Credentials, credentialsOf } from './auth/credentials.ts';
export { openHandshake } from './auth/open-handshake.ts';
export type { Principal } from './auth/principal.ts';
export { secretsEqual } from './auth/secrets-equal.ts';
export { type AuthenticationOptions, withAuthentication } from './auth/with-authentication.ts';
export { authenticateBasic } from './client/authenticate-basic.ts';
export { withCallHeaders } from './client/call-headers.ts';
export { clientCookies } from './client/cookies.ts';
export { type FetchOptions, fetchEndpoints, fetchFlight } from './client/fetch-flight.ts';
export { type PollOptions, pollFlight } from './client/poll-flight.ts';
export type { CallOptions, FlightClient } from './client.ts';
export { type AskedCompression, COMPRESSION_HEADER } from './compression-header.ts';
export { type ConnectOptions, connectFlight } from './connect.ts';
export { commandDescriptor, type FlightDescriptor, pathDescriptor } from './descriptor.ts';
export { type FlightEndpoint, type FlightInfo, type PollInfo, REUSE_CONNECTION_LOCATION } from './flight-info.ts';
export type { FlightMessage } from './flight-message.ts';
export { createInprocNetwork, type InprocNetwork, type InprocOptions } from './inproc/inproc-network.ts';
export type { Compression } from './ipc/compression.ts';
export { IpcError, type IpcErrorReason } from './ipc/ipc-error.ts';
export { decodeIpcStream, encodeIpcStream, type IpcStream } from './ipc/ipc-stream.ts';
export { defaultIpcLimits, type IpcLimits } from './ipc/limits.ts';
export { recordBatchOf } from './ipc/record-batch.ts';
export { decodeSchemaBytes, encodeSchemaBytes } from './ipc/schema-bytes.ts';
export { type Location, parseLocation } from './location.ts';
export { type CallObserver, clientReports, type FlightCallReport, serviceReports } from './middleware/call-reports.ts';
export { compose } from './middleware/compose.ts';
export { type CallTimes, clientDeadlines, type DeadlineOptions, serviceDeadlines } from './middleware/deadlines.ts';
export { clientRetries, type RetryOptions } from './middleware/retries.ts';
export { readTraceParent, type TraceParent, traceHeaders } from './middleware/trace-parent.ts';
export {
  type CallSpan,
  type CallTracer,
  clientTracing,
  serviceTracing,
  type TracedCall,
} from './middleware/tracing.ts';
export {
  type CallWrapper,
  type ClientMiddleware,
  type ServiceMiddleware,
  type WrappedCall,
  wrapClient,
  wrapService,
} from './middleware/wrap-calls.ts';
export { addFlightService, type FlightServerOptions } from './network/flight-server.ts';
export type { ClientTls } from './network/grpc-channel.ts';
export type {
  CallContext,
  FlightAction,
  FlightActionType,
  FlightCall,
  FlightService,
  HandshakeMessage,
} from './service.ts';
export { FlightDataDecoder } from './stream/decode.ts';
export { type EncodedMessage, type EncodeOptions, FlightDataEncoder } from './stream/encode.ts';
