import { describe, expect, it } from '@jest/globals';
import { checkSearch, parse, parseUnfinished, TraceQLError } from './index.ts';

/** The tree as one line: what was understood, without the places. */
function show(value: unknown): string {
  return JSON.stringify(value, (key, v) => (key === 'at' ? undefined : typeof v === 'bigint' ? `${v}n` : v));
}

function errorOf(text: string): string {
  try {
    checkSearch(parse(text));
  } catch (error) {
    if (error instanceof TraceQLError) return error.message;
    throw error;
  }
  return 'no error';
}

const filterOf = (text: string) => {
  const { spansets } = parse(text);
  return spansets.node === 'filter' ? spansets.filter : undefined;
};

describe('literals', () => {
  it.each([
    ['"a\\"b\\n\\u00e9"', { type: 'string', value: 'a"b\né' }],
    ['`raw \\n "x"`', { type: 'string', value: 'raw \\n "x"' }],
    ['42', { type: 'int', value: 42n }],
    ['-42', { type: 'int', value: -42n }],
    ['1.5', { type: 'float', value: 1.5 }],
    ['.5', { type: 'float', value: 0.5 }],
    ['2e3', { type: 'float', value: 2000 }],
    ['1h30m', { type: 'duration', value: 5_400_000_000_000n }],
    ['1.5s', { type: 'duration', value: 1_500_000_000n }],
    ['100ms', { type: 'duration', value: 100_000_000n }],
    ['7us', { type: 'duration', value: 7_000n }],
    ['3ns', { type: 'duration', value: 3n }],
    ['true', { type: 'bool', value: true }],
    ['nil', { type: 'nil' }],
    ['error', { type: 'status', value: 'error' }],
    ['consumer', { type: 'kind', value: 'consumer' }],
  ])('%s', (text, literal) => {
    expect(filterOf(`{ .a = ${text} }`)).toMatchObject({ node: 'comparison', right: { literal } });
  });
});

describe('attributes', () => {
  it.each([
    ['.http.status_code', 'any', 'http.status_code'],
    ['resource.k8s.pod.name', 'resource', 'k8s.pod.name'],
    ['span.a-b/c:d@e+f', 'span', 'a-b/c:d@e+f'],
    ['span."a b"', 'span', 'a b'],
    ['span.a."b c".d', 'span', 'a.b c.d'],
    ['event.x', 'event', 'x'],
    ['link.x', 'link', 'x'],
    ['instrumentation.x', 'instrumentation', 'x'],
    ['.größe', 'any', 'größe'],
  ])('%s', (text, scope, name) => {
    expect(filterOf(`{ ${text} = 1 }`)).toMatchObject({ left: { node: 'attribute', scope, name } });
  });
});

describe('structure', () => {
  it('binds && tighter than ||, arithmetic tighter than comparisons', () => {
    expect(filterOf('{ .a = 1 || .b = 2 && .c > 1 + 2 * 3 }')).toMatchObject({
      operator: '||',
      right: { operator: '&&', right: { operator: '>', right: { operator: '+', right: { operator: '*' } } } },
    });
  });

  it.each([
    '{} > {}',
    '{} !>> {}',
    '{} &~ {}',
    '({} | count() > 2) && {}',
    '{} || {} && {} >> {}',
    '({nestedSetParent<0} &>> {true}) || ({nestedSetParent<0})',
  ])('reads %s', (text) => {
    expect(show(parse(text))).toContain('"node":"spansets"');
  });

  it.each([
    '{} | count() > 2',
    '{} | avg(duration) >= 1s | by(resource.service.name) | coalesce()',
    '{} | min(.a) < max(duration) + 2 * 3',
    '{} | select(status, .a)',
    '{} | rate() by(name) > 3 with(sample=true)',
    '{} | quantile_over_time(duration, .9, .99) by(span.a) | topk(3)',
    '{} | compare({ status = error }, 10)',
    '{} | { .a = 1 } | count() = 1',
  ])('reads %s', (text) => {
    expect(parse(text).stages.length).toBeGreaterThan(0);
  });

  it('keeps hints', () => {
    expect(parse('{} with(most_recent=true, exemplars=5)').hints).toEqual({
      most_recent: { type: 'bool', value: true },
      exemplars: { type: 'int', value: 5n },
    });
  });
});

describe('errors name the place and what is wrong', () => {
  it.each([
    ['', 'parse error at line 1, col 1: the query is empty; {} finds everything'],
    ['{ .a = }', 'parse error at line 1, col 8: unexpected }, expected an attribute, a field or a value'],
    [
      '{ foo = 1 }',
      'parse error at line 1, col 3: unknown field foo; an attribute is written .foo, span.foo or resource.foo',
    ],
    ['{ .a = "x }', 'parse error at line 1, col 8: the string is not closed by "'],
    ['{\n  .a = 1h3 }', 'parse error at line 2, col 8: "1h3" is neither a number nor a duration'],
    ['{ .a = 1', 'parse error at line 1, col 9: unexpected end of the query, expected "}" or an operator'],
    ['{ .a = 1 } }', 'parse error at line 1, col 12: unexpected }, expected the end of the query, an operator or |'],
    ['{ .a = 1 = 2 }', 'parse error at line 1, col 10: unexpected =, comparisons can’t be chained: write them with &&'],
    ['{ . = 1 }', 'parse error at line 1, col 3: an attribute name is missing after the dot'],
    ['{ .a = "\\q" }', 'parse error at line 1, col 10: unknown escape \\q'],
    ['{ .a ; }', 'parse error at line 1, col 6: unexpected ";"'],
    [`{ ${'('.repeat(5000)}`, 'parse error at line 1, col 203: nested deeper than 200 levels'],
    ['{ span:nonsense = 1 }', expect.stringContaining('unknown field span:nonsense; there are: span:duration')],
    ['{ name > 1 }', "type error at line 1, col 8: a string can't be compared with a number"],
    ['{ duration = "1s" }', "type error at line 1, col 12: a number can't be compared with a string"],
    ['{ status > ok }', 'type error at line 1, col 10: a status is compared with = or !=, not with >'],
    ['{ .a < nil }', 'type error at line 1, col 6: nil is compared with = or !=, not with <'],
    ['{ .a =~ 3 }', 'type error at line 1, col 6: =~ takes a regular expression in quotes on its right'],
    ['{ 1 + 2 }', 'type error at line 1, col 5: a filter has to be true or false, this is a number'],
    ['{ name + 1 = 2 }', 'type error at line 1, col 3: + takes numbers, this is a string'],
    ['{ .a } >> { .b }', expect.stringMatching(/^not supported yet at line 1, col 8: the spanset operator >>/)],
    ['{} | rate()', expect.stringMatching(/^not supported yet at line 1, col 6: the metrics function rate\(\)/)],
    ['{} | count() > 1', expect.stringMatching(/^not supported yet at line 1, col 14: comparing aggregates/)],
    ['{ parent.a = 1 }', 'not supported yet at line 1, col 3: attributes of the parent span'],
    ['{ nestedSetLeft = 1 }', expect.stringMatching(/^not supported yet at line 1, col 3/)],
    ['{ nestedSetParent = 7 }', expect.stringMatching(/^not supported yet at line 1, col 3/)],
  ])('%s', (text, message) => {
    expect(errorOf(text)).toEqual(message);
  });

  it('reads or refuses every beginning of a query, and nothing else happens', () => {
    const text = '{ .a = "x\\n" && span."b c" >= 1.5e3 || !(duration > 1h30m) } >> {} | by(.x) | rate() with(a=1)';
    for (let length = 0; length < text.length; length++) {
      try {
        parse(text.slice(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(TraceQLError);
      }
    }
  });
});

describe('unfinished queries', () => {
  it.each([
    ['{ resource.a = "eu" && span.http.', 1],
    ['{ .a = 1 && .b = 2 && ', 2],
    ['{ .a = 1 && .b = "unfin', 1],
    ['{ .a = 1 && (.b = 2 || .c', 0],
    ['{ .a = 1 && (.b = 2 && .c', 1],
    ['{ .a = 1 && name > 3 }', 1],
    ['{', 0],
    ['', 0],
    ['{ .a = 1 || .b = 2 }', 0],
  ])('%s has %i whole matchers', (text, count) => {
    const found = show(parseUnfinished(text) ?? null);
    expect(found.split('"node":"comparison"').length - 1).toBe(count);
  });
});
