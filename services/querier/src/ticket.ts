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

/** A bound row of parameters: an Arrow stream in base64. */
const parameters = z.string().optional();
/** Names a query, so that it can be cancelled. */
const queryId = z.string().max(200).optional();

const fileSchema = z.object({
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('object'), uri: z.string() }),
    z.object({ kind: z.literal('hot'), name: z.string(), path: z.string(), location: z.string() }),
  ]),
  rows: z.number(),
  bytes: z.number(),
});

const ticketSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sql'), tenant, sql: z.string(), parameters, query_id: queryId }),
  z.object({
    kind: z.literal('share'),
    tenant,
    sql: z.string(),
    parameters,
    query_id: queryId,
    /** The one table that the statement reads, as it was when the statement was planned. */
    table: z.string(),
    columns: z.array(
      z.object({
        name: z.string(),
        field_id: z.number().optional(),
        type: z.string(),
        shown: z.object({ type: z.string(), expression: z.string() }).optional(),
      }),
    ),
    files: z.array(fileSchema),
    /** Rows of other times may be left out. */
    start: time,
    end: time,
  }),
  /** A statement that writes: what is to be written is answered, and is the caller's to write. Several rows may be bound. */
  z.object({ kind: z.literal('write'), tenant, sql: z.string(), parameters }),
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
const planSchema = z.object({
  tenant,
  sql: z.string(),
  parameters,
  query_id: queryId,
  shares_max: z.number().int().min(0),
});

/** Reads the body of the action `describe`. @throws GrpcError INVALID_ARGUMENT */
export const parseDescribe = (bytes: Uint8Array): z.output<typeof describeSchema> =>
  parseBody(describeSchema, bytes, 'describe');

/** Reads the body of the action `tables`. @throws GrpcError INVALID_ARGUMENT */
export const parseTables = (bytes: Uint8Array): z.output<typeof tablesSchema> =>
  parseBody(tablesSchema, bytes, 'tables');

/** Reads the body of the action `plan`. @throws GrpcError INVALID_ARGUMENT */
export const parsePlan = (bytes: Uint8Array): z.output<typeof planSchema> => parseBody(planSchema, bytes, 'plan');

export type PlanRequest = z.output<typeof planSchema>;

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
