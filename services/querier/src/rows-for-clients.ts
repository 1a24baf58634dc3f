import type { CallContext, FlightMessage } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';

/** A caller that sends it as `true` takes an answer that is short, rather than none. */
const partialHeader = 'x-signaldb-allow-partial';

/**
 * What a client that came by itself gets of an answer: its schema and its rows. What routers are told beside them is left out, for Go's
 * Arrow takes no message without data; an answer that would be short is refused here instead. @throws UNAVAILABLE
 */
export async function* rowsForClients(
  messages: AsyncIterable<FlightMessage>,
  context: CallContext,
): AsyncGenerator<FlightMessage> {
  const partialAllowed = context.metadata.get(partialHeader) === 'true';
  for await (const { appMetadata, ...message } of messages) {
    if (appMetadata?.length && !partialAllowed) refusePartial(appMetadata);
    if (message.schema || message.batch) yield message;
  }
}

function refusePartial(appMetadata: Uint8Array): void {
  const { status, reasons = [] } = JSON.parse(Buffer.from(appMetadata).toString()) as {
    status?: string;
    reasons?: readonly string[];
  };
  if (status !== 'PARTIAL') return;
  throw new GrpcError(
    Status.UNAVAILABLE,
    `the answer would be incomplete: ${reasons.join('; ')} (the header ${partialHeader}: true takes it all the same)`,
  );
}
