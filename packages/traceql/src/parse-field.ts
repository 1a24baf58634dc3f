// Expressions over one span: what stands between braces. Loosest first: || && comparison + - * / % ^ unary.
import type { ComparisonOperator, FieldExpression, Intrinsic, KindName, Literal, StatusName } from './ast.ts';
import { intrinsicTypes, kindCodes, statusCodes, unscopedIntrinsics } from './intrinsics.ts';
import type { TokenStream } from './token-stream.ts';

export const comparisonOperators: readonly ComparisonOperator[] = ['=', '!=', '<=', '>=', '<', '>', '=~', '!~'];

/** Reads one expression and stops behind it. */
export function parseField(tokens: TokenStream): FieldExpression {
  return tokens.nested(() => parseLogical(tokens, '||'));
}

function parseLogical(tokens: TokenStream, operator: '||' | '&&'): FieldExpression {
  const operand = () => (operator === '||' ? parseLogical(tokens, '&&') : parseComparison(tokens));
  let left = operand();
  while (tokens.is(operator)) {
    const { at } = tokens.next();
    left = { node: 'logical', operator, left, right: operand(), at };
  }
  return left;
}

function parseComparison(tokens: TokenStream): FieldExpression {
  const left = parseSum(tokens);
  const { at } = tokens.current;
  const operator = tokens.takeOne(comparisonOperators);
  if (!operator) return left;
  const compared: FieldExpression = { node: 'comparison', operator, left, right: parseSum(tokens), at };
  if (comparisonOperators.some((o) => tokens.is(o)))
    tokens.unexpected('comparisons can’t be chained: write them with &&');
  return compared;
}

function parseSum(tokens: TokenStream): FieldExpression {
  let left = parseProduct(tokens);
  for (;;) {
    const { at } = tokens.current;
    const operator = tokens.takeOne(['+', '-']);
    if (!operator) return left;
    left = { node: 'arithmetic', operator, left, right: parseProduct(tokens), at };
  }
}

function parseProduct(tokens: TokenStream): FieldExpression {
  let left = parsePower(tokens);
  for (;;) {
    const { at } = tokens.current;
    const operator = tokens.takeOne(['*', '/', '%']);
    if (!operator) return left;
    left = { node: 'arithmetic', operator, left, right: parsePower(tokens), at };
  }
}

function parsePower(tokens: TokenStream): FieldExpression {
  const left = parseUnary(tokens);
  const { at } = tokens.current;
  if (!tokens.takeOne(['^'])) return left;
  return { node: 'arithmetic', operator: '^', left, right: tokens.nested(() => parsePower(tokens)), at };
}

function parseUnary(tokens: TokenStream): FieldExpression {
  const { at } = tokens.current;
  const operator = tokens.takeOne(['!', '-']);
  if (!operator) return parsePrimary(tokens);
  const operand = tokens.nested(() => parseUnary(tokens));
  if (operator === '!') return { node: 'not', operand, at };
  if (operand.node === 'literal') {
    const { literal } = operand;
    if (literal.type === 'int' || literal.type === 'duration')
      return { node: 'literal', literal: { ...literal, value: -literal.value }, at };
    if (literal.type === 'float') return { node: 'literal', literal: { ...literal, value: -literal.value }, at };
  }
  return { node: 'negate', operand, at };
}

function parsePrimary(tokens: TokenStream): FieldExpression {
  const token = tokens.current;
  const { at } = token;
  if (tokens.take('(')) {
    const inner = parseField(tokens);
    tokens.expect(')');
    return inner;
  }
  if (token.type === 'attribute') {
    tokens.next();
    const scope = (token.scope || 'any') as 'any' | 'span';
    return { node: 'attribute', scope, name: token.name, at };
  }
  if (token.type === 'scopedIntrinsic') {
    if (!Object.hasOwn(intrinsicTypes, token.value)) {
      tokens.fail(
        `unknown field ${token.value}; there are: ${Object.keys(intrinsicTypes)
          .filter((k) => k.includes(':'))
          .join(', ')}`,
        at,
      );
    }
    tokens.next();
    return { node: 'intrinsic', intrinsic: token.value as Intrinsic, at };
  }
  const literal = tryLiteral(tokens);
  if (literal) return { node: 'literal', literal, at };
  const intrinsic = token.type === 'word' ? unscopedIntrinsics.get(token.text) : undefined;
  if (intrinsic) {
    tokens.next();
    return { node: 'intrinsic', intrinsic, at };
  }
  if (token.type === 'word')
    tokens.fail(
      `unknown field ${token.text}; an attribute is written .${token.text}, span.${token.text} or resource.${token.text}`,
      at,
    );
  return tokens.unexpected('expected an attribute, a field or a value');
}

/** Takes the current token if it is a value. */
export function tryLiteral(tokens: TokenStream): Literal | undefined {
  const token = tokens.current;
  let literal: Literal | undefined;
  if (token.type === 'string') literal = { type: 'string', value: token.value };
  else if (token.type === 'int' || token.type === 'duration') literal = { type: token.type, value: token.value };
  else if (token.type === 'float') literal = { type: 'float', value: token.value };
  else if (token.type === 'word') literal = namedLiteral(token.text);
  if (literal) tokens.next();
  return literal;
}

function namedLiteral(name: string): Literal | undefined {
  if (name === 'true' || name === 'false') return { type: 'bool', value: name === 'true' };
  if (name === 'nil') return { type: 'nil' };
  if (Object.hasOwn(statusCodes, name)) return { type: 'status', value: name as StatusName };
  if (Object.hasOwn(kindCodes, name)) return { type: 'kind', value: name as KindName };
  return undefined;
}
