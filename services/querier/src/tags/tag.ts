/** A tag, in parts: an attribute of some place, or a field that every span has. */
export type Tag =
  | { readonly kind: 'attribute'; readonly scope: TagScope | 'any'; readonly name: string }
  | { readonly kind: 'field'; readonly name: string };

export type TagScope = 'span' | 'resource' | 'instrumentation' | 'event' | 'link';

const scopes: readonly TagScope[] = ['span', 'resource', 'instrumentation', 'event', 'link'];

/** Older names of fields, and the ones that they are known by here. */
const fields: Readonly<Record<string, string>> = {
  name: 'span:name',
  statusMessage: 'span:statusMessage',
  rootName: 'trace:rootName',
  rootService: 'trace:rootService',
  rootServiceName: 'trace:rootService',
  'root.name': 'trace:rootName',
  'root.service.name': 'trace:rootService',
};

/** Reads a tag in TraceQL's spelling; names may be quoted, and stand without a scope. */
export function parseTag(text: string): Tag {
  const field = fields[text];
  if (field !== undefined) return { kind: 'field', name: field };
  if (/^(span|trace|event|link|instrumentation):/.test(text)) return { kind: 'field', name: text };
  for (const scope of scopes) {
    if (text.startsWith(`${scope}.`)) return { kind: 'attribute', scope, name: unquoted(text.slice(scope.length + 1)) };
  }
  return { kind: 'attribute', scope: 'any', name: unquoted(text.startsWith('.') ? text.slice(1) : text) };
}

function unquoted(name: string): string {
  if (!/^".*"$/s.test(name)) return name;
  return name.slice(1, -1).replace(/\\(.)/gs, '$1');
}
