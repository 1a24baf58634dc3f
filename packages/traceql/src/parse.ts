// Whole queries: spansets, the stages after them, metrics and hints. The parser reads all of the language;
// what this version can't answer is refused later, by the checker.
import type {
  AggregateName,
  FieldExpression,
  Literal,
  MetricsFunction,
  Pipeline,
  Query,
  ScalarExpression,
  SpansetExpression,
  SpansetOperator,
  Stage,
} from './ast.ts';
import { tokenize } from './lexer.ts';
import { comparisonOperators, parseField, tryLiteral } from './parse-field.ts';
import { TokenStream } from './token-stream.ts';

const structural = ['>', '<', '>>', '<<', '~'].flatMap((o) => [o, `!${o}`, `&${o}`]) as SpansetOperator[];
const aggregates: readonly string[] = ['count', 'avg', 'min', 'max', 'sum'] satisfies AggregateName[];
const metricsFunctions: readonly string[] = [
  'rate',
  'count_over_time',
  'min_over_time',
  'max_over_time',
  'avg_over_time',
  'sum_over_time',
  'quantile_over_time',
  'histogram_over_time',
  'compare',
] satisfies MetricsFunction[];

/** Reads a query. Throws {@link TraceQLError} with code `PARSE`. */
export function parse(text: string): Query {
  const tokens = new TokenStream(tokenize(text));
  if (tokens.current.type === 'end') tokens.fail('the query is empty; {} finds everything', tokens.current.at);
  const pipeline = parsePipeline(tokens);
  const hints = parseHints(tokens);
  if (tokens.current.type !== 'end') tokens.unexpected('expected the end of the query, an operator or |');
  return { ...pipeline, hints };
}

function parsePipeline(tokens: TokenStream): Pipeline {
  const spansets = parseSpansets(tokens, 0);
  const stages: Stage[] = [];
  for (;;) {
    if (tokens.take('|')) stages.push(parseStage(tokens));
    else if (stages.at(-1) && isSeriesStage(stages.at(-1)!) && comparisonOperators.some((o) => tokens.is(o)))
      stages.push(parseSeriesFilter(tokens));
    else return { spansets, stages };
  }
}

const isSeriesStage = (stage: Stage) => ['metrics', 'topk', 'bottomk'].includes(stage.node);

// || binds loosest, then &&, then the structural operators; all from left to right.
const levels: readonly (readonly SpansetOperator[])[] = [['||'], ['&&'], structural];

function parseSpansets(tokens: TokenStream, level: number): SpansetExpression {
  const operators = levels[level];
  if (!operators) return parseSpanset(tokens);
  let left = parseSpansets(tokens, level + 1);
  for (;;) {
    const { at } = tokens.current;
    const operator = tokens.takeOne(operators);
    if (!operator) return left;
    left = { node: 'spansets', operator, left, right: parseSpansets(tokens, level + 1), at };
  }
}

function parseSpanset(tokens: TokenStream): SpansetExpression {
  const { at } = tokens.current;
  if (tokens.take('(')) {
    const pipeline = tokens.nested(() => parsePipeline(tokens));
    tokens.expect(')');
    return pipeline.stages.length === 0 ? pipeline.spansets : { node: 'pipeline', pipeline, at };
  }
  if (!tokens.take('{')) tokens.unexpected('expected {');
  if (tokens.take('}')) return { node: 'filter', at };
  const filter = parseField(tokens);
  tokens.expect('}', ' or an operator');
  return { node: 'filter', filter, at };
}

function parseStage(tokens: TokenStream): Stage {
  const { at, text } = tokens.current;
  if (tokens.is('{') || (tokens.is('(') && (tokens.is('{', 1) || tokens.is('(', 1))))
    return { node: 'where', spansets: parseSpansets(tokens, 0), at };
  const called = tokens.current.type === 'word' && tokens.is('(', 1);
  if (called && (text === 'by' || text === 'select')) {
    tokens.next();
    return { node: text, fields: parseFieldList(tokens), at };
  }
  if (called && text === 'coalesce') {
    tokens.next();
    tokens.expect('(');
    tokens.expect(')');
    return { node: 'coalesce', at };
  }
  if (called && (text === 'topk' || text === 'bottomk')) {
    tokens.next();
    tokens.expect('(');
    const count = tokens.next();
    if (count.type !== 'int' || count.value < 1n || count.value > 100_000n)
      tokens.fail(`${text} takes a whole number from 1 to 100000`, count.at);
    tokens.expect(')');
    return { node: text, count: Number(count.value), at };
  }
  if (called && metricsFunctions.includes(text)) return parseMetrics(tokens);
  const left = parseScalar(tokens);
  const operatorAt = tokens.current.at;
  const operator = tokens.takeOne(comparisonOperators);
  if (!operator)
    tokens.unexpected('expected a comparison: an aggregate in a pipeline is compared, as in | count() > 2');
  return { node: 'scalarFilter', operator, left, right: parseScalar(tokens), at: operatorAt };
}

function parseFieldList(tokens: TokenStream): FieldExpression[] {
  tokens.expect('(');
  const fields = [parseField(tokens)];
  while (tokens.take(',')) fields.push(parseField(tokens));
  tokens.expect(')');
  return fields;
}

function parseMetrics(tokens: TokenStream): Stage {
  const { at, text } = tokens.next();
  const found: (FieldExpression | SpansetExpression)[] = [];
  tokens.expect('(');
  while (!tokens.is(')')) {
    if (found.length > 0) tokens.expect(',');
    found.push(tokens.is('{') ? parseSpanset(tokens) : parseField(tokens));
  }
  tokens.expect(')');
  const by = tokens.is('by') && tokens.next() ? parseFieldList(tokens) : [];
  return { node: 'metrics', function: text as MetricsFunction, arguments: found, by, at };
}

function parseSeriesFilter(tokens: TokenStream): Stage {
  const { at } = tokens.current;
  const operator = tokens.takeOne(comparisonOperators)!;
  const value = parseScalar(tokens);
  if (value.node !== 'scalar') tokens.fail('a series is compared with a number or a duration', value.at);
  return { node: 'seriesFilter', operator, value: value.literal, at };
}

function parseScalar(tokens: TokenStream): ScalarExpression {
  let left = parseScalarProduct(tokens);
  for (;;) {
    const { at } = tokens.current;
    const operator = tokens.takeOne(['+', '-']);
    if (!operator) return left;
    left = { node: 'scalarArithmetic', operator, left, right: parseScalarProduct(tokens), at };
  }
}

function parseScalarProduct(tokens: TokenStream): ScalarExpression {
  let left = parseScalarPrimary(tokens);
  for (;;) {
    const { at } = tokens.current;
    const operator = tokens.takeOne(['*', '/', '%', '^']);
    if (!operator) return left;
    left = { node: 'scalarArithmetic', operator, left, right: parseScalarPrimary(tokens), at };
  }
}

function parseScalarPrimary(tokens: TokenStream): ScalarExpression {
  const { at, text } = tokens.current;
  if (tokens.take('(')) {
    const inner = tokens.nested(() => parseScalar(tokens));
    tokens.expect(')');
    return inner;
  }
  if (tokens.take('-')) {
    const literal = tryLiteral(tokens);
    if (literal?.type === 'int' || literal?.type === 'duration')
      return { node: 'scalar', literal: { ...literal, value: -literal.value }, at };
    if (literal?.type === 'float') return { node: 'scalar', literal: { ...literal, value: -literal.value }, at };
    tokens.unexpected('expected a number');
  }
  if (tokens.current.type === 'word' && aggregates.includes(text)) {
    tokens.next();
    tokens.expect('(');
    const field = tokens.is(')') ? undefined : parseField(tokens);
    tokens.expect(')');
    if (field && text === 'count') tokens.fail('count() takes no field', field.at);
    if (!field && text !== 'count') tokens.fail(`${text}() takes a field, as in ${text}(duration)`, at);
    return { node: 'aggregate', name: text as AggregateName, ...(field && { field }), at };
  }
  const literal = tryLiteral(tokens);
  if (!literal)
    tokens.unexpected(
      'expected a stage: count(), avg(), min(), max(), sum(), by(), select(), coalesce(), a metrics function or a spanset',
    );
  return { node: 'scalar', literal, at };
}

function parseHints(tokens: TokenStream): Record<string, Literal> {
  const hints: Record<string, Literal> = Object.create(null);
  if (!tokens.take('with')) return hints;
  tokens.expect('(');
  do {
    const name = tokens.next();
    if (name.type !== 'word') tokens.fail('expected the name of a hint, as in with(most_recent=true)', name.at);
    tokens.expect('=');
    const literal = tryLiteral(tokens);
    if (!literal) tokens.unexpected('expected a value');
    hints[name.text] = literal;
  } while (tokens.take(','));
  tokens.expect(')');
  return hints;
}
