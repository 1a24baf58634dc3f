import { WireWriter } from '../wire/writer.ts';

interface ResourceGroup {
  readonly header: Uint8Array;
  readonly scopes: Map<string, ScopeGroup>;
}

/** A scope of a resource. */
export interface ScopeGroup {
  readonly header: Uint8Array;
  /** Where to write its items: fields with number 2. */
  readonly items: WireWriter;
}

/** Puts items that share a resource and a scope together again, in the order in which each first came. */
export class OriginGroups {
  readonly #resources = new Map<string, ResourceGroup>();

  /** The scope with this header of the resource with that one. */
  scope(resourceHeader: Uint8Array, scopeHeader: () => Uint8Array): ScopeGroup {
    const resourceKey = keyOf(resourceHeader);
    let resource = this.#resources.get(resourceKey);
    if (!resource) {
      resource = { header: resourceHeader.slice(), scopes: new Map() };
      this.#resources.set(resourceKey, resource);
    }
    const header = scopeHeader();
    const scopeKey = keyOf(header);
    let scope = resource.scopes.get(scopeKey);
    if (!scope) {
      scope = { header: header.slice(), items: new WireWriter() };
      resource.scopes.set(scopeKey, scope);
    }
    return scope;
  }

  /** The whole: TracesData, LogsData, MetricsData or an export request, which have the same form. */
  finish(): Uint8Array {
    const out = new WireWriter();
    for (const resource of this.#resources.values()) {
      const group = out.open(1);
      out.raw(resource.header);
      for (const scope of resource.scopes.values()) {
        const scopeGroup = out.open(2);
        out.raw(scope.header);
        out.raw(scope.items.written);
        out.close(scopeGroup);
      }
      out.close(group);
    }
    return out.finish();
  }
}

/** Bytes as a key of a map. */
export function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
