/** A function that every session has. */
export interface ScalarFunction {
  readonly name: string;
  /** Its overloads, as CREATE MACRO takes them. */
  readonly overloads: readonly string[];
  /** Other functions of ours that it calls. */
  readonly calls?: readonly string[];
  /** Its value depends on when the statement runs. */
  readonly isOfNow?: boolean;
}

const bucketOf = (time: string): string => `system.main.time_bucket(CAST(width AS INTERVAL), ${time})`;
const momentTypes = ['BIGINT', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP_NS', 'DATE', 'VARCHAR'] as const;
const fromNs = (ns: string): string => `make_timestamp(${ns} // 1000)`;

/** A moment of any of the types as a TIMESTAMP. */
const timestampOf: Readonly<Record<(typeof momentTypes)[number], string>> = {
  BIGINT: fromNs('moment'),
  TIMESTAMP: 'moment',
  'TIMESTAMP WITH TIME ZONE': 'moment',
  TIMESTAMP_NS: 'CAST(moment AS TIMESTAMP)',
  DATE: 'CAST(moment AS TIMESTAMP)',
  VARCHAR: 'CAST(moment AS TIMESTAMP)',
};

/** Plain text of an attribute's value in OTLP's JSON. */
const plainText = `coalesce(json ->> '$.stringValue', json ->> '$.intValue', json ->> '$.doubleValue', json ->> '$.boolValue', json)`;

export const scalarFunctions: readonly ScalarFunction[] = [
  {
    name: 'to_ns',
    overloads: momentTypes.map((type) => {
      if (type === 'BIGINT') return '(moment BIGINT) AS moment';
      return `(moment ${type}) AS epoch_ns(${type === 'TIMESTAMP_NS' ? 'moment' : timestampOf[type]})`;
    }),
  },
  { name: 'from_ns', overloads: [`(ns BIGINT) AS ${fromNs('ns')}`] },
  {
    name: 'ago',
    overloads: ['INTERVAL', 'VARCHAR'].map((type) => `(width ${type}) AS epoch_ns(now() - CAST(width AS INTERVAL))`),
    isOfNow: true,
  },
  {
    name: 'time_bucket',
    overloads: ['INTERVAL', 'VARCHAR'].flatMap((width) =>
      momentTypes.map((type) => `(width ${width}, moment ${type}) AS ${bucketOf(timestampOf[type])}`),
    ),
  },
  { name: 'attribute_text', overloads: [`(json VARCHAR) AS ${plainText}`] },
  {
    name: 'attribute',
    overloads: [
      '(attributes, wanted) AS attribute_text(list_filter(attributes, lambda entry: entry.key = wanted)[1].value)',
    ],
    calls: ['attribute_text'],
  },
];
