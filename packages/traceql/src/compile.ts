// From a checked search to SQL over one row of `traces`.
import type { ComparisonOperator, FieldExpression, Intrinsic, Literal } from './ast.ts';
import { type CheckedSearch, typeOf } from './check.ts';
import { TraceQLError } from './errors.ts';
import { type Field, fieldOf, type ValueType } from './fields.ts';
import { kindCodes, statusCodes } from './intrinsics.ts';
import * as sql from './sql.ts';
import type { Need, TraceTable } from './table.ts';

/** A field that the found spans carry in the answer. */
export interface SelectedField {
  /** The attribute's key without its scope, or the built-in's older name (`status`, `nestedSetParent`). */
  readonly key: string;
  readonly intrinsic?: Intrinsic;
  /** SQL of the value as OTLP's JSON AnyValue in text; NULL where a span has none. */
  readonly json: string;
}

/** A search as SQL. */
export interface CompiledSearch {
  /** A condition over one row of `traces`. NULL counts as false. */
  readonly where: string;
  readonly needs: ReadonlySet<Need>;
  readonly selects: readonly SelectedField[];
}

/** Compiles a checked search for a table. Throws {@link TraceQLError} `UNSUPPORTED` for what has no SQL. */
export function compileSearch(search: CheckedSearch, table: TraceTable): CompiledSearch {
  const needs = new Set<Need>();
  const where = search.filter ? new FilterCompiler(table, needs).condition(search.filter) : 'TRUE';
  const selects = new Map<string, SelectedField>();
  const addSelect = (expression: FieldExpression & { node: 'attribute' | 'intrinsic' }) => {
    const id = expression.node === 'attribute' ? `${expression.scope}.${expression.name}` : expression.intrinsic;
    if (selects.has(id)) return;
    const { json } = fieldOf(expression, table, 's', needs);
    if (expression.node === 'attribute') selects.set(id, { key: expression.name, json });
    else selects.set(id, { key: expression.intrinsic.replace(/^.*:/, ''), intrinsic: expression.intrinsic, json });
  };
  for (const expression of [...(search.filter ? [search.filter] : []), ...search.selected])
    visitFields(expression, addSelect);
  return { where, needs, selects: [...selects.values()] };
}

function visitFields(
  expression: FieldExpression,
  visit: (field: FieldExpression & { node: 'attribute' | 'intrinsic' }) => void,
): void {
  if (expression.node === 'attribute' || expression.node === 'intrinsic') visit(expression);
  else if (expression.node === 'not' || expression.node === 'negate') visitFields(expression.operand, visit);
  else if ('left' in expression) {
    visitFields(expression.left, visit);
    visitFields(expression.right, visit);
  }
}

const sqlOperators: Readonly<Record<string, string>> = {
  '=': '=',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};
const mirrored: Partial<Record<ComparisonOperator, ComparisonOperator>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

class FilterCompiler {
  readonly #table: TraceTable;
  readonly #needs: Set<Need>;

  constructor(table: TraceTable, needs: Set<Need>) {
    this.#table = table;
    this.#needs = needs;
  }

  /** SQL that is true, false or NULL; NULL counts as false. */
  condition(expression: FieldExpression): string {
    switch (expression.node) {
      case 'logical':
        return (expression.operator === '&&' ? sql.all : sql.any)(this.#chain(expression, expression.operator));
      case 'not':
        return sql.not(this.condition(expression.operand));
      case 'comparison':
        return this.#comparison(expression);
      case 'literal':
        return expression.literal.type === 'bool' && expression.literal.value ? 'TRUE' : 'FALSE';
      case 'attribute':
      case 'intrinsic':
        return this.#field(expression, 'l').some('bool', (value) => value);
      default:
        throw new Error('the checker lets no number stand for a condition');
    }
  }

  // `a && b && c` is one level of SQL, however long.
  #chain(expression: FieldExpression, operator: string): string[] {
    const conditions: string[] = [];
    let rest = expression;
    while (rest.node === 'logical' && rest.operator === operator) {
      conditions.unshift(this.condition(rest.right));
      rest = rest.left;
    }
    conditions.unshift(this.condition(rest));
    return conditions;
  }

  #field(expression: FieldExpression & { node: 'attribute' | 'intrinsic' }, side: string): Field {
    return fieldOf(expression, this.#table, side, this.#needs);
  }

  #comparison(comparison: FieldExpression & { node: 'comparison' }): string {
    const { operator, left, right } = comparison;
    for (const [side, other] of [
      [left, right],
      [right, left],
    ] as const) {
      if (other.node === 'literal' && other.literal.type === 'nil') return this.#isNil(side, operator);
    }
    const literal = right.node === 'literal' ? right.literal : undefined;
    if (literal) return this.#withLiteral(left, operator, literal);
    if (left.node === 'literal') return this.#withLiteral(right, mirrored[operator] ?? operator, left.literal);
    return this.#betweenFields(left, operator, right);
  }

  #isNil(side: FieldExpression, operator: ComparisonOperator): string {
    const exists =
      side.node === 'attribute' || side.node === 'intrinsic'
        ? this.#field(side, 'l').exists
        : side.node === 'literal' && side.literal.type === 'nil'
          ? 'FALSE'
          : 'TRUE';
    return operator === '=' ? sql.not(exists) : exists;
  }

  #withLiteral(side: FieldExpression, operator: ComparisonOperator, literal: Literal): string {
    const type = typeOfLiteral(literal);
    const value = literalSql(side, literal);
    if (side.node !== 'attribute' && side.node !== 'intrinsic')
      return compare(this.#value(side, type), operator, value);
    return ask(this.#field(side, 'l'), type, operator, value);
  }

  // Both sides vary by row: whatever type both have a value of is compared.
  #betweenFields(left: FieldExpression, operator: ComparisonOperator, right: FieldExpression): string {
    const known = [typeOf(left), typeOf(right)].find((type) => type !== 'any');
    const types: readonly ValueType[] = known ? [known as ValueType] : ['string', 'number', 'bool'];
    const some = (side: FieldExpression, name: string, type: ValueType, test: (value: string) => string) =>
      side.node === 'attribute' || side.node === 'intrinsic'
        ? this.#field(side, name).some(type, test)
        : test(this.#value(side, type));
    const ordered = !['=', '!='].includes(operator);
    return sql.any(
      types
        .filter((type) => !(ordered && type === 'bool'))
        .map((type) => some(left, 'l', type, (a) => some(right, 'r', type, (b) => compare(a, operator, b)))),
    );
  }

  /** One value a row: literals, conditions and arithmetic. */
  #value(expression: FieldExpression, type: ValueType): string {
    if (expression.node === 'literal') return literalSql(undefined, expression.literal);
    return type === 'bool' ? `coalesce(${this.condition(expression)}, FALSE)` : this.#number(expression);
  }

  // In floating point, so that no integer can overflow and end the query.
  #number(expression: FieldExpression): string {
    switch (expression.node) {
      case 'literal':
        return `(${literalSql(undefined, expression.literal)})::DOUBLE`;
      case 'negate':
        return `(- ${this.#number(expression.operand)})`;
      case 'arithmetic': {
        const [left, right] = [this.#number(expression.left), this.#number(expression.right)];
        return expression.operator === '^' ? `pow(${left}, ${right})` : `(${left} ${expression.operator} ${right})`;
      }
      case 'attribute':
      case 'intrinsic': {
        const { number } = this.#field(expression, 'n');
        if (number === undefined)
          throw new TraceQLError(
            'UNSUPPORTED',
            expression.at,
            'arithmetic with fields of events and links, of which a span has many',
          );
        return `(${number})::DOUBLE`;
      }
      default:
        throw new Error('the checker lets no condition stand for a number');
    }
  }
}

/** `!=` and `!~` hold where the field has a value of the type and none that is equal or matches. */
function ask(field: Field, type: ValueType, operator: ComparisonOperator, value: string): string {
  const positive = operator === '!=' ? '=' : operator === '!~' ? '=~' : undefined;
  if (!positive || field.single) return field.some(type, (v) => compare(v, operator, value));
  const has = field.some(type, (v) => `${v} IS NOT NULL`);
  return sql.all([has, sql.not(field.some(type, (v) => compare(v, positive, value)))]);
}

function compare(left: string, operator: ComparisonOperator, right: string): string {
  if (operator === '=~') return `regexp_full_match(${left}, ${right})`;
  if (operator === '!~') return `NOT regexp_full_match(${left}, ${right})`;
  return `${left} ${sqlOperators[operator]} ${right}`;
}

function typeOfLiteral(literal: Literal): ValueType {
  if (literal.type === 'int' || literal.type === 'float' || literal.type === 'duration') return 'number';
  if (literal.type === 'nil') throw new Error('nil has no value');
  return literal.type;
}

// Ids are stored whole and in lower case; people leave out leading zeros.
const idDigits: Partial<Record<Intrinsic, number>> = {
  'trace:id': 32,
  'span:id': 16,
  'span:parentID': 16,
  'link:traceID': 32,
  'link:spanID': 16,
};

function literalSql(side: FieldExpression | undefined, literal: Literal): string {
  switch (literal.type) {
    case 'string': {
      const digits = side?.node === 'intrinsic' ? idDigits[side.intrinsic] : undefined;
      const isId = digits && /^[0-9a-fA-F]+$/.test(literal.value);
      return sql.text(isId ? literal.value.toLowerCase().padStart(digits, '0') : literal.value);
    }
    case 'int':
    case 'duration':
      return literal.value.toString();
    case 'float':
      return Number.isFinite(literal.value)
        ? `${literal.value.toExponential()}::DOUBLE`
        : `'${literal.value > 0 ? '' : '-'}inf'::DOUBLE`;
    case 'bool':
      return literal.value ? 'TRUE' : 'FALSE';
    case 'status':
      return String(statusCodes[literal.value]);
    case 'kind':
      return String(kindCodes[literal.value]);
    case 'nil':
      return 'NULL';
  }
}
