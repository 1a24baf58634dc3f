import { describe, expect, it } from '@jest/globals';
import { parseTag } from './tag.ts';

describe('parseTag', () => {
  it.each([
    ['span.http.method', { kind: 'attribute', scope: 'span', name: 'http.method' }],
    ['resource.service.name', { kind: 'attribute', scope: 'resource', name: 'service.name' }],
    ['.x', { kind: 'attribute', scope: 'any', name: 'x' }],
    ['x.y', { kind: 'attribute', scope: 'any', name: 'x.y' }],
    ['span."a b"', { kind: 'attribute', scope: 'span', name: 'a b' }],
    ['."q\\"uote"', { kind: 'attribute', scope: 'any', name: 'q"uote' }],
    ['event.exception.type', { kind: 'attribute', scope: 'event', name: 'exception.type' }],
    ['link.kind', { kind: 'attribute', scope: 'link', name: 'kind' }],
    ['instrumentation.lang', { kind: 'attribute', scope: 'instrumentation', name: 'lang' }],
    ['name', { kind: 'field', name: 'span:name' }],
    ['rootServiceName', { kind: 'field', name: 'trace:rootService' }],
    ['event:name', { kind: 'field', name: 'event:name' }],
    ['spanner', { kind: 'attribute', scope: 'any', name: 'spanner' }],
  ])('%s', (text, tag) => {
    expect(parseTag(text)).toEqual(tag);
  });
});
