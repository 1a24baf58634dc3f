import { BinaryReader } from '@bufbuild/protobuf/wire';

/** Where in an encoded ExportTraceServiceRequest the bytes stand that differ from copy to copy. */
export interface Places {
  readonly traceIds: number[];
  /** Those of spans, parents and links. */
  readonly spanIds: number[];
  /** Starts and ends of spans, and times of events: fixed64. */
  readonly times: number[];
}

export function placesOf(bytes: Uint8Array): Places {
  const places: Places = { traceIds: [], spanIds: [], times: [] };
  const visitLink: Visit = (field, at, length) => {
    if (field === 1 && length === 16) places.traceIds.push(at);
    if (field === 2 && length === 8) places.spanIds.push(at);
  };
  const visitSpan: Visit = (field, at, length) => {
    if (field === 1) places.traceIds.push(at);
    else if ((field === 2 || field === 4) && length === 8) places.spanIds.push(at);
    else if (field === 7 || field === 8) places.times.push(at);
    else if (field === 11)
      visitFields(bytes, at, length, (event, eventAt) => event === 1 && places.times.push(eventAt));
    else if (field === 13) visitFields(bytes, at, length, visitLink);
  };
  visitFields(bytes, 0, bytes.length, (_, resource, resourceLength) =>
    visitFields(bytes, resource, resourceLength, (field, scope, scopeLength) => {
      if (field !== 2) return;
      visitFields(
        bytes,
        scope,
        scopeLength,
        (item, span, length) => item === 2 && visitFields(bytes, span, length, visitSpan),
      );
    }),
  );
  return places;
}

type Visit = (field: number, at: number, length: number) => unknown;

/** Calls `visit` with where the content of each field of the message in [at, at + length) lies. */
function visitFields(bytes: Uint8Array, at: number, length: number, visit: Visit): void {
  const reader = new BinaryReader(bytes);
  reader.pos = at;
  while (reader.pos < at + length) {
    const [field, wireType] = reader.tag();
    if (wireType === 2) {
      const size = reader.uint32();
      visit(field, reader.pos, size);
      reader.pos += size;
    } else {
      const start = reader.pos;
      reader.skip(wireType);
      visit(field, start, reader.pos - start);
    }
  }
}
