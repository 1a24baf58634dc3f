import type { Intrinsic, KindName, StatusName } from './ast.ts';

/** What a field or literal can be. `duration` is an integer of nanoseconds, compared like any number. */
export type FieldType = 'string' | 'int' | 'float' | 'bool' | 'duration' | 'status' | 'kind';

/** The type of each built-in field. */
export const intrinsicTypes: Readonly<Record<Intrinsic, FieldType>> = {
  'span:duration': 'duration',
  'span:name': 'string',
  'span:kind': 'kind',
  'span:status': 'status',
  'span:statusMessage': 'string',
  'span:id': 'string',
  'span:parentID': 'string',
  'span:childCount': 'int',
  'trace:duration': 'duration',
  'trace:rootName': 'string',
  'trace:rootService': 'string',
  'trace:id': 'string',
  'event:name': 'string',
  'event:timeSinceStart': 'duration',
  'link:traceID': 'string',
  'link:spanID': 'string',
  'instrumentation:name': 'string',
  'instrumentation:version': 'string',
  nestedSetLeft: 'int',
  nestedSetRight: 'int',
  nestedSetParent: 'int',
};

/** The names that older queries use, without a scope. */
export const unscopedIntrinsics: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  ['duration', 'span:duration'],
  ['name', 'span:name'],
  ['status', 'span:status'],
  ['statusMessage', 'span:statusMessage'],
  ['kind', 'span:kind'],
  ['rootName', 'trace:rootName'],
  ['rootService', 'trace:rootService'],
  ['rootServiceName', 'trace:rootService'],
  ['traceDuration', 'trace:duration'],
  ['childCount', 'span:childCount'],
  ['nestedSetLeft', 'nestedSetLeft'],
  ['nestedSetRight', 'nestedSetRight'],
  ['nestedSetParent', 'nestedSetParent'],
]);

/** OTLP's numbers of the span statuses. */
export const statusCodes: Readonly<Record<StatusName, number>> = { unset: 0, ok: 1, error: 2 };

/** OTLP's numbers of the span kinds. */
export const kindCodes: Readonly<Record<KindName, number>> = {
  unspecified: 0,
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
};
