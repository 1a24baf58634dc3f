import type { RecordBatch } from 'apache-arrow';
import { requests } from '../json/messages.ts';
import { type JsonObject, toJson } from '../json/to-json.ts';
import type { WireWriter } from '../wire/writer.ts';
import { attributesOf, listAttributes } from './attributes.ts';
import { type Cells, cellsOf } from './cells.ts';
import {
  bytesField,
  fixed32Field,
  fixed32Of,
  fixed64Field,
  fixed64Of,
  idField,
  idOf,
  integerField,
  integerOf,
  textOf,
} from './fields.ts';
import { OriginGroups } from './groups.ts';
import { originsOf } from './origin.ts';

/**
 * Rows of `traces` as OTLP again: TracesData in protobuf (`resource_spans` is field 1, as in an export request and in Tempo's
 * Trace), or the same in OTLP's JSON. What was sent comes back, but for the order of attributes and how spans were grouped:
 * spans with equal resources and scopes come together. Columns that are missing count as null, unknown ones are ignored.
 */
export function encodeTraces(batches: readonly RecordBatch[], as: 'protobuf'): Uint8Array;
export function encodeTraces(batches: readonly RecordBatch[], as: 'json-otlp'): JsonObject;
export function encodeTraces(batches: readonly RecordBatch[], as: 'protobuf' | 'json-otlp'): Uint8Array | JsonObject {
  const groups = new OriginGroups();
  for (const batch of batches) {
    const origins = originsOf(batch);
    const writeSpan = spanWriter(batch);
    for (let row = 0; row < batch.numRows; row++) {
      const { items } = groups.scope(origins.resource(row), () => origins.scope(row));
      const span = items.open(2);
      writeSpan(items, row);
      items.close(span);
    }
  }
  const bytes = groups.finish();
  return as === 'protobuf' ? bytes : { resourceSpans: [], ...toJson(requests.traces, bytes) };
}

function spanWriter(batch: RecordBatch): (out: WireWriter, row: number) => void {
  const fields = [
    idField(batch, 'trace_id', 1),
    idField(batch, 'span_id', 2),
    bytesField(batch, 'trace_state', 3),
    idField(batch, 'parent_span_id', 4),
    bytesField(batch, 'name', 5),
    integerField(batch, 'kind', 6),
    fixed64Field(batch, 'start_time', 7),
    endTime(cellsOf(batch, 'start_time'), cellsOf(batch, 'duration_ns')),
    integerField(batch, 'dropped_attributes_count', 10),
    events(cellsOf(batch, 'events')),
    integerField(batch, 'dropped_events_count', 12),
    links(cellsOf(batch, 'links')),
    integerField(batch, 'dropped_links_count', 14),
    status(bytesField(batch, 'status_message', 2), integerField(batch, 'status_code', 3)),
    fixed32Field(batch, 'flags', 16),
  ];
  const attributes = attributesOf(batch, 'span');
  return (out, row) => {
    for (const write of fields) write(out, row);
    attributes.write(out, 9, row);
  };
}

/** start_time + duration_ns, wrapping as the difference did. */
function endTime(starts: Cells | undefined, durations: Cells | undefined) {
  return (out: WireWriter, row: number): void => {
    if (!starts || !durations || durations.isNull(row)) return;
    starts.integer(row);
    durations.integer(row);
    const low = (starts.lo >>> 0) + (durations.lo >>> 0);
    const hi = (starts.hi + durations.hi + (low > 0xffff_ffff ? 1 : 0)) | 0;
    if ((low | 0) === 0 && hi === 0) return;
    out.tag(8, 1);
    out.fixed64(low | 0, hi);
  };
}

function status(message: (out: WireWriter, row: number) => void, code: (out: WireWriter, row: number) => void) {
  return (out: WireWriter, row: number): void => {
    const start = out.open(15);
    message(out, row);
    code(out, row);
    if (out.length > start) out.close(start);
    else out.length = start - 2; // an unset status is left out: its tag and length too
  };
}

function events(cells: Cells | undefined) {
  const fields = cells?.child?.fields;
  const time = fixed64Of(fields?.get('time'), 1);
  const name = textOf(fields?.get('name'), 2);
  const attributes = listAttributes(fields?.get('attributes'));
  const dropped = integerOf(fields?.get('dropped_attributes_count'), 4);
  return (out: WireWriter, row: number): void => {
    if (!cells || cells.isNull(row)) return;
    for (let i = cells.start(row); i < cells.start(row + 1); i++) {
      const event = out.open(11);
      time(out, i);
      name(out, i);
      attributes.write(out, 3, i);
      dropped(out, i);
      out.close(event);
    }
  };
}

function links(cells: Cells | undefined) {
  const fields = cells?.child?.fields;
  const traceId = idOf(fields?.get('trace_id'), 1);
  const spanId = idOf(fields?.get('span_id'), 2);
  const traceState = textOf(fields?.get('trace_state'), 3);
  const attributes = listAttributes(fields?.get('attributes'));
  const dropped = integerOf(fields?.get('dropped_attributes_count'), 5);
  const flags = fixed32Of(fields?.get('flags'), 6);
  return (out: WireWriter, row: number): void => {
    if (!cells || cells.isNull(row)) return;
    for (let i = cells.start(row); i < cells.start(row + 1); i++) {
      const link = out.open(13);
      traceId(out, i);
      spanId(out, i);
      traceState(out, i);
      attributes.write(out, 4, i);
      dropped(out, i);
      flags(out, i);
      out.close(link);
    }
  };
}
