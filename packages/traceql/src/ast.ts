// The syntax tree: small immutable nodes, each with the place in the text that it came from.
import type { Position } from './errors.ts';

/** Where an attribute is looked for; `any` is the unscoped `.name`. */
export type AttributeScope = 'any' | 'resource' | 'span' | 'event' | 'link' | 'instrumentation' | 'parent';

/** The built-in fields, under their scoped names (older names such as `duration` mean `span:duration`). */
export type Intrinsic =
  | 'span:duration'
  | 'span:name'
  | 'span:kind'
  | 'span:status'
  | 'span:statusMessage'
  | 'span:id'
  | 'span:parentID'
  | 'span:childCount'
  | 'trace:duration'
  | 'trace:rootName'
  | 'trace:rootService'
  | 'trace:id'
  | 'event:name'
  | 'event:timeSinceStart'
  | 'link:traceID'
  | 'link:spanID'
  | 'instrumentation:name'
  | 'instrumentation:version'
  | 'nestedSetLeft'
  | 'nestedSetRight'
  | 'nestedSetParent';

export type StatusName = 'unset' | 'ok' | 'error';
export type KindName = 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export type Literal =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  /** In nanoseconds. */
  | { readonly type: 'duration'; readonly value: bigint }
  | { readonly type: 'status'; readonly value: StatusName }
  | { readonly type: 'kind'; readonly value: KindName }
  | { readonly type: 'nil' };

export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '=~' | '!~';
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^';
export type LogicalOperator = '&&' | '||';

/** An expression over one span. */
export type FieldExpression =
  | { readonly node: 'literal'; readonly literal: Literal; readonly at: Position }
  | { readonly node: 'attribute'; readonly scope: AttributeScope; readonly name: string; readonly at: Position }
  | { readonly node: 'intrinsic'; readonly intrinsic: Intrinsic; readonly at: Position }
  | { readonly node: 'not' | 'negate'; readonly operand: FieldExpression; readonly at: Position }
  | {
      readonly node: 'comparison';
      readonly operator: ComparisonOperator;
      readonly left: FieldExpression;
      readonly right: FieldExpression;
      readonly at: Position;
    }
  | {
      readonly node: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: FieldExpression;
      readonly right: FieldExpression;
      readonly at: Position;
    }
  | {
      readonly node: 'logical';
      readonly operator: LogicalOperator;
      readonly left: FieldExpression;
      readonly right: FieldExpression;
      readonly at: Position;
    };

/** Between two spansets of one trace: `&&`, `||`, and the structural ones with their negations (`!>`) and unions (`&>`). */
export type SpansetOperator = LogicalOperator | `${'' | '!' | '&'}${'>' | '<' | '>>' | '<<' | '~'}`;

/** An expression that picks spans out of a trace. */
export type SpansetExpression =
  /** `filter` is absent in the empty braces `{}`, which take every span. */
  | { readonly node: 'filter'; readonly filter?: FieldExpression; readonly at: Position }
  | {
      readonly node: 'spansets';
      readonly operator: SpansetOperator;
      readonly left: SpansetExpression;
      readonly right: SpansetExpression;
      readonly at: Position;
    }
  | { readonly node: 'pipeline'; readonly pipeline: Pipeline; readonly at: Position };

export type AggregateName = 'count' | 'avg' | 'min' | 'max' | 'sum';

/** An expression over one spanset: aggregates, numbers and arithmetic. */
export type ScalarExpression =
  | {
      readonly node: 'aggregate';
      readonly name: AggregateName;
      readonly field?: FieldExpression;
      readonly at: Position;
    }
  | { readonly node: 'scalar'; readonly literal: Literal; readonly at: Position }
  | {
      readonly node: 'scalarArithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: ScalarExpression;
      readonly right: ScalarExpression;
      readonly at: Position;
    };

export type MetricsFunction =
  | 'rate'
  | 'count_over_time'
  | 'min_over_time'
  | 'max_over_time'
  | 'avg_over_time'
  | 'sum_over_time'
  | 'quantile_over_time'
  | 'histogram_over_time'
  | 'compare';

/** What follows a `|`. */
export type Stage =
  | {
      readonly node: 'scalarFilter';
      readonly operator: ComparisonOperator;
      readonly left: ScalarExpression;
      readonly right: ScalarExpression;
      readonly at: Position;
    }
  | { readonly node: 'by' | 'select'; readonly fields: readonly FieldExpression[]; readonly at: Position }
  | { readonly node: 'coalesce'; readonly at: Position }
  | { readonly node: 'where'; readonly spansets: SpansetExpression; readonly at: Position }
  | {
      readonly node: 'metrics';
      readonly function: MetricsFunction;
      readonly arguments: readonly (FieldExpression | SpansetExpression)[];
      readonly by: readonly FieldExpression[];
      readonly at: Position;
    }
  | { readonly node: 'topk' | 'bottomk'; readonly count: number; readonly at: Position }
  | {
      readonly node: 'seriesFilter';
      readonly operator: ComparisonOperator;
      readonly value: Literal;
      readonly at: Position;
    };

/** Spansets, then stages from left to right. */
export interface Pipeline {
  readonly spansets: SpansetExpression;
  readonly stages: readonly Stage[];
}

/** A whole query, with the hints of its `with(…)`. */
export interface Query extends Pipeline {
  readonly hints: Readonly<Record<string, Literal>>;
}
