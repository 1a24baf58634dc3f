import { GrpcError, Status } from '@signaldb/grpc';
import { collect, joinOutcomes, type Outcome, type QuerierSource, runTicket, type Ticket } from '../querier-pool.ts';
import { type TimeRange, ticketRange } from './params.ts';

const scopes = ['resource', 'span', 'intrinsic', 'event', 'link', 'instrumentation'] as const;
export type TagScope = (typeof scopes)[number];

// The built-in fields that a query can name, as Tempo lists them.
const intrinsics = [
  'duration',
  'event:name',
  'event:timeSinceStart',
  'instrumentation:name',
  'instrumentation:version',
  'kind',
  'link:spanID',
  'link:traceID',
  'name',
  'rootName',
  'rootServiceName',
  'span:duration',
  'span:id',
  'span:kind',
  'span:name',
  'span:parentID',
  'span:status',
  'span:statusMessage',
  'status',
  'statusMessage',
  'trace:duration',
  'trace:id',
  'trace:rootName',
  'trace:rootService',
  'traceDuration',
];

// Fields whose values are words of the language: offered whether they occur or not.
const keywords: Readonly<Record<string, readonly string[]>> = {
  status: ['error', 'ok', 'unset'],
  kind: ['client', 'consumer', 'internal', 'producer', 'server', 'unspecified'],
};

export interface TagQuery {
  readonly tenants: readonly string[];
  readonly range: TimeRange;
  /** TraceQL, possibly unfinished. */
  readonly q?: string;
  readonly limit: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface TagNames {
  readonly scopes: readonly { readonly name: TagScope; readonly tags: readonly string[] }[];
  readonly outcome: Outcome;
}

export interface TagValue {
  readonly type: string;
  readonly value: string;
}

/** Checks the `scope` parameter; absent or `none` means all. */
export function scopeOf(text: string | undefined): TagScope | undefined {
  if (!text || text === 'none') return undefined;
  const scope = scopes.find((s) => s === text);
  if (!scope)
    throw new GrpcError(Status.INVALID_ARGUMENT, `invalid scope ${JSON.stringify(text)}: one of ${scopes.join(', ')}`);
  return scope;
}

async function rows(
  source: QuerierSource,
  query: TagQuery,
  ticket: Omit<Ticket, 'tenant'> & { kind: string },
  columns: readonly [string, string],
) {
  const answers = await Promise.all(
    query.tenants.map((tenant) =>
      collect(
        runTicket(
          source,
          {
            ...ticket,
            tenant,
            ...ticketRange(query.range),
            limit: query.limit,
            ...(query.q !== undefined && { q: query.q }),
          },
          { timeoutMs: query.timeoutMs, ...(query.signal && { signal: query.signal }) },
        ),
      ),
    ),
  );
  const pairs = new Map<string, readonly [string, string]>();
  for (const batch of answers.flatMap((answer) => answer.batches)) {
    for (let row = 0; row < batch.numRows && pairs.size < query.limit; row++) {
      const pair = columns.map((name) => String(batch.getChild(name)!.get(row))) as [string, string];
      pairs.set(pair.join('\0'), pair);
    }
  }
  return { pairs: [...pairs.values()], outcome: joinOutcomes(answers.map((answer) => answer.outcome)) };
}

/** The names of the tags that occur, by scope. */
export async function tagNames(source: QuerierSource, query: TagQuery, scope?: TagScope): Promise<TagNames> {
  const { pairs, outcome } =
    scope === 'intrinsic'
      ? { pairs: [], outcome: joinOutcomes([]) }
      : await rows(source, query, { kind: 'tags', ...(scope && { scope }) }, ['scope', 'name']);
  const found = scopes
    .filter((name) => !scope || name === scope)
    .map((name) => ({
      name,
      tags:
        name === 'intrinsic'
          ? intrinsics
          : pairs
              .filter(([of]) => of === name)
              .map(([, tag]) => tag)
              .sort(),
    }))
    .filter(({ tags }) => tags.length > 0);
  return { scopes: found, outcome };
}

/** The values of a tag, typed. The tag is spelled as in TraceQL. */
export async function tagValues(
  source: QuerierSource,
  query: TagQuery,
  tag: string,
): Promise<{ values: readonly TagValue[]; outcome: Outcome }> {
  const fixed = keywords[tag.replace(/^span:/, '')];
  if (fixed) return { values: fixed.map((value) => ({ type: 'keyword', value })), outcome: joinOutcomes([]) };
  const { pairs, outcome } = await rows(source, query, { kind: 'tag_values', tag }, ['type', 'value']);
  return { values: pairs.map(([type, value]) => ({ type, value })), outcome };
}

/** The older addresses name attributes without a scope. */
export function unscopedTag(tag: string): string {
  return intrinsics.includes(tag) || tag.startsWith('.') || /^(resource|span|event|link|instrumentation)\./.test(tag)
    ? tag
    : `.${tag}`;
}
