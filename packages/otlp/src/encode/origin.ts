import type { RecordBatch } from 'apache-arrow';
import { entityRef } from '../json/messages.ts';
import { writeJson } from '../json/to-protobuf.ts';
import { WireWriter } from '../wire/writer.ts';
import { attributesOf } from './attributes.ts';
import { cellsOf } from './cells.ts';
import { bytesField, integerField } from './fields.ts';

const decoder = new TextDecoder();

/** The messages that a row's resource and scope are, with their schema URLs: rows with equal ones belong together. */
export interface Origins {
  /** ResourceSpans (and the like) but for its scopes: fields 1 and 3. */
  resource(row: number): Uint8Array;
  /** ScopeSpans (and the like) but for its items: fields 1 and 3. */
  scope(row: number): Uint8Array;
}

export function originsOf(batch: RecordBatch): Origins {
  const resourceAttributes = attributesOf(batch, 'resource');
  const scopeAttributes = attributesOf(batch, 'scope');
  const resourceDropped = integerField(batch, 'resource_dropped_attributes_count', 2);
  const scopeDropped = integerField(batch, 'scope_dropped_attributes_count', 4);
  const resourceUrl = bytesField(batch, 'resource_schema_url', 3);
  const scopeUrl = bytesField(batch, 'scope_schema_url', 3);
  const scopeName = bytesField(batch, 'scope_name', 1);
  const scopeVersion = bytesField(batch, 'scope_version', 2);
  const entityRefs = cellsOf(batch, 'resource_entity_refs');
  const out = new WireWriter();
  return {
    resource(row) {
      out.clear();
      const message = out.open(1);
      resourceAttributes.write(out, 1, row);
      resourceDropped(out, row);
      if (entityRefs && !entityRefs.isNull(row)) {
        for (const ref of JSON.parse(decoder.decode(entityRefs.text(row)))) {
          const start = out.open(3);
          writeJson(out, entityRef, ref);
          out.close(start);
        }
      }
      out.close(message);
      resourceUrl(out, row);
      return out.written;
    },
    scope(row) {
      out.clear();
      const message = out.open(1);
      scopeName(out, row);
      scopeVersion(out, row);
      scopeAttributes.write(out, 3, row);
      scopeDropped(out, row);
      out.close(message);
      scopeUrl(out, row);
      return out.written;
    },
  };
}
