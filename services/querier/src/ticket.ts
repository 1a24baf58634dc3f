import { GrpcError, Status } from '@signaldb/grpc';
import { z } from '@signaldb/runtime';

const tenant = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'is no name of a tenant');
const time = z
  .string()
  .regex(/^-?\d{1,19}$/, 'is no decimal string of nanoseconds')
  .transform(BigInt)
  .optional();
const limit = z.number().int().min(0).optional();
const range = { start: time, end: time };

const ticketSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sql'), tenant, sql: z.string(), parameters: z.string().optional() }),
  z.object({
    kind: z.literal('trace'),
    tenant,
    trace_id: z.string().regex(/^[0-9a-fA-F]{1,32}$/, 'is no hexadecimal trace id'),
    ...range,
  }),
  z.object({
    kind: z.literal('search'),
    tenant,
    q: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    ...range,
    limit,
    spss: limit,
    min_duration_ns: time,
    max_duration_ns: time,
  }),
  z.object({
    kind: z.literal('tags'),
    tenant,
    scope: z
      .enum(['resource', 'span', 'scope', 'instrumentation', 'event', 'link', 'intrinsic', '', 'none'])
      .optional(),
    q: z.string().optional(),
    ...range,
    limit,
  }),
  z.object({
    kind: z.literal('tag_values'),
    tenant,
    tag: z.string().min(1),
    q: z.string().optional(),
    ...range,
    limit,
  }),
]);

/** What a ticket of DoGet asks for. Times are nanoseconds since 1970; a limit of 0 means the greatest that is allowed. */
export type Ticket = z.output<typeof ticketSchema>;
export type TicketOf<K extends Ticket['kind']> = Extract<Ticket, { kind: K }>;

/** Reads a ticket. @throws GrpcError INVALID_ARGUMENT that names the field */
export function parseTicket(bytes: Uint8Array): Ticket {
  return parseBody(ticketSchema, bytes, 'ticket');
}

const describeSchema = z.object({ tenant, sql: z.string() });
const tablesSchema = z.object({ tenant });

/** Reads the body of the action `describe`. @throws GrpcError INVALID_ARGUMENT */
export const parseDescribe = (bytes: Uint8Array): z.output<typeof describeSchema> =>
  parseBody(describeSchema, bytes, 'describe');

/** Reads the body of the action `tables`. @throws GrpcError INVALID_ARGUMENT */
export const parseTables = (bytes: Uint8Array): z.output<typeof tablesSchema> =>
  parseBody(tablesSchema, bytes, 'tables');

function parseBody<S extends z.ZodType>(schema: S, bytes: Uint8Array, what: string): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    throw new GrpcError(Status.INVALID_ARGUMENT, `the ${what} is no JSON`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new GrpcError(Status.INVALID_ARGUMENT, `${what}: ${[...path, message].join(' ')}`);
}
