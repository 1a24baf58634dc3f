// What a query means before anything is read: the types fit, and this version can answer it.
import type { ComparisonOperator, FieldExpression, Query, SpansetExpression, Stage } from './ast.ts';
import { TraceQLError } from './errors.ts';
import { intrinsicTypes } from './intrinsics.ts';

/** The type of an expression as far as the text tells: an attribute can be anything (`any`). */
export type StaticType = 'string' | 'number' | 'bool' | 'status' | 'kind' | 'nil' | 'any';

/** A search that this version answers: one filter, and the fields that `select()` wants beside those of the filter. */
export interface CheckedSearch {
  readonly filter: FieldExpression | undefined;
  readonly selected: readonly FieldExpression[];
}

/** Checks a query given to search. Throws {@link TraceQLError} with code `TYPE` or `UNSUPPORTED`. */
export function checkSearch(query: Query): CheckedSearch {
  const filter = soleFilter(query.spansets);
  if (filter) checkFilter(filter);
  return { filter, selected: query.stages.flatMap(selectedBy) };
}

function soleFilter(spansets: SpansetExpression): FieldExpression | undefined {
  if (spansets.node === 'filter') return spansets.filter;
  if (spansets.node === 'pipeline') throw new TraceQLError('UNSUPPORTED', spansets.at, 'pipelines inside parentheses');
  throw new TraceQLError(
    'UNSUPPORTED',
    spansets.at,
    `the spanset operator ${spansets.operator}; a search has one pair of braces, with && and || inside them`,
  );
}

function selectedBy(stage: Stage): readonly FieldExpression[] {
  if (stage.node !== 'select')
    throw new TraceQLError('UNSUPPORTED', stage.at, `${stageName(stage)} in a search; | select(…) is answered`);
  for (const field of stage.fields) {
    if (field.node !== 'attribute' && field.node !== 'intrinsic')
      throw new TraceQLError('TYPE', field.at, 'select() takes attributes and fields');
    typeOf(field);
  }
  return stage.fields;
}

function stageName(stage: Stage): string {
  if (stage.node === 'metrics') return `the metrics function ${stage.function}()`;
  if (stage.node === 'scalarFilter') return 'comparing aggregates';
  if (stage.node === 'where') return 'a spanset after |';
  return `${stage.node}()`;
}

/** Checks an expression that has to be true or false of a span. */
export function checkFilter(filter: FieldExpression): void {
  expectBoolean(filter, 'a filter');
}

function expectBoolean(expression: FieldExpression, what: string): void {
  const type = typeOf(expression);
  if (type !== 'bool' && type !== 'any')
    throw new TraceQLError('TYPE', expression.at, `${what} has to be true or false, this is a ${type}`);
}

function expectNumber(expression: FieldExpression, what: string): void {
  const type = typeOf(expression);
  if (type !== 'number' && type !== 'any')
    throw new TraceQLError('TYPE', expression.at, `${what} takes numbers, this is a ${type}`);
}

/** The type of an expression; throws where its parts don't fit. */
export function typeOf(expression: FieldExpression): StaticType {
  switch (expression.node) {
    case 'literal':
      return numeric(expression.literal.type);
    case 'intrinsic':
      if (expression.intrinsic.startsWith('nestedSet') && expression.intrinsic !== 'nestedSetParent') {
        throw new TraceQLError(
          'UNSUPPORTED',
          expression.at,
          `${expression.intrinsic}; nestedSetParent < 0 tells roots`,
        );
      }
      return numeric(intrinsicTypes[expression.intrinsic]);
    case 'attribute':
      if (expression.scope === 'parent')
        throw new TraceQLError('UNSUPPORTED', expression.at, 'attributes of the parent span');
      return 'any';
    case 'not':
      expectBoolean(expression.operand, '!');
      return 'bool';
    case 'negate':
      expectNumber(expression.operand, '-');
      return 'number';
    case 'arithmetic':
      expectNumber(expression.left, expression.operator);
      expectNumber(expression.right, expression.operator);
      return 'number';
    case 'logical':
      expectBoolean(expression.left, expression.operator);
      expectBoolean(expression.right, expression.operator);
      return 'bool';
    case 'comparison':
      checkComparison(expression);
      return 'bool';
  }
}

function numeric(type: string): StaticType {
  return type === 'int' || type === 'float' || type === 'duration' ? 'number' : (type as StaticType);
}

const equality: readonly ComparisonOperator[] = ['=', '!='];

function checkComparison({ operator, left, right, at }: FieldExpression & { node: 'comparison' }): void {
  const fail = (reason: string) => {
    throw new TraceQLError('TYPE', at, reason);
  };
  const types = [typeOf(left), typeOf(right)] as const;
  if (operator === '=~' || operator === '!~') {
    if (right.node !== 'literal' || types[1] !== 'string')
      fail(`${operator} takes a regular expression in quotes on its right`);
    if (types[0] !== 'string' && types[0] !== 'any') fail(`${operator} is for strings, this is a ${types[0]}`);
    return;
  }
  if (types.includes('nil') && !equality.includes(operator)) fail(`nil is compared with = or !=, not with ${operator}`);
  if (types[0] !== types[1] && !types.includes('any') && !types.includes('nil'))
    fail(`a ${types[0]} can't be compared with a ${types[1]}`);
  const type = types[0] === 'any' ? types[1] : types[0];
  if (!equality.includes(operator) && (type === 'bool' || type === 'status' || type === 'kind'))
    fail(`a ${type} is compared with = or !=, not with ${operator}`);
  checkRootTest(operator, left, right);
}

// Without the numbering of the whole tree, nestedSetParent tells a root (-1) from all others (1 and more).
function checkRootTest(operator: ComparisonOperator, left: FieldExpression, right: FieldExpression): void {
  for (const [field, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (field.node !== 'intrinsic' || field.intrinsic !== 'nestedSetParent') continue;
    const value = other.node === 'literal' && other.literal.type === 'int' ? other.literal.value : undefined;
    const tellsRoots =
      value !== undefined &&
      (value === 0n || (value === -1n && operator !== '<') || (value === 1n && ['<', '>='].includes(operator)));
    if (field !== left || !tellsRoots) {
      throw new TraceQLError(
        'UNSUPPORTED',
        field.at,
        'nestedSetParent other than to tell roots: nestedSetParent < 0 (a root), nestedSetParent >= 0 (not a root)',
      );
    }
  }
}
