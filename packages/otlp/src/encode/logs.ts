import type { RecordBatch } from 'apache-arrow';
import { anyValue, requests } from '../json/messages.ts';
import { type JsonObject, toJson } from '../json/to-json.ts';
import { writeJson } from '../json/to-protobuf.ts';
import type { WireWriter } from '../wire/writer.ts';
import { attributesOf } from './attributes.ts';
import { cellsOf } from './cells.ts';
import { bytesField, type FieldWriter, fixed32Field, fixed64Field, idField, integerField } from './fields.ts';
import { OriginGroups } from './groups.ts';
import { originsOf } from './origin.ts';

const decoder = new TextDecoder();

/** Rows of `logs` as OTLP again: LogsData, in protobuf or in OTLP's JSON. As with `encodeTraces`, all that was sent comes back. */
export function encodeLogs(batches: readonly RecordBatch[], as: 'protobuf'): Uint8Array;
export function encodeLogs(batches: readonly RecordBatch[], as: 'json-otlp'): JsonObject;
export function encodeLogs(batches: readonly RecordBatch[], as: 'protobuf' | 'json-otlp'): Uint8Array | JsonObject {
  const groups = new OriginGroups();
  for (const batch of batches) {
    const origins = originsOf(batch);
    const writeRecord = recordWriter(batch);
    for (let row = 0; row < batch.numRows; row++) {
      const { items } = groups.scope(origins.resource(row), () => origins.scope(row));
      const record = items.open(2);
      writeRecord(items, row);
      items.close(record);
    }
  }
  const bytes = groups.finish();
  return as === 'protobuf' ? bytes : { resourceLogs: [], ...toJson(requests.logs, bytes) };
}

function recordWriter(batch: RecordBatch): FieldWriter {
  const fields = [
    time(batch),
    integerField(batch, 'severity_number', 2),
    bytesField(batch, 'severity_text', 3),
    body(batch),
    integerField(batch, 'dropped_attributes_count', 7),
    fixed32Field(batch, 'flags', 8),
    idField(batch, 'trace_id', 9),
    idField(batch, 'span_id', 10),
    fixed64Field(batch, 'observed_time', 11),
    bytesField(batch, 'event_name', 12),
  ];
  const attributes = attributesOf(batch, 'log');
  return (out, row) => {
    for (const write of fields) write(out, row);
    attributes.write(out, 6, row);
  };
}

/** The record's own time, where it had one. */
function time(batch: RecordBatch): FieldWriter {
  const write = fixed64Field(batch, 'time', 1);
  const isObserved = cellsOf(batch, 'time_is_observed');
  return (out, row) => {
    if (!isObserved || isObserved.isNull(row) || !isObserved.bool(row)) write(out, row);
  };
}

function body(batch: RecordBatch): FieldWriter {
  const text = cellsOf(batch, 'body');
  const value = cellsOf(batch, 'body_value');
  return (out: WireWriter, row) => {
    const isText = text !== undefined && !text.isNull(row);
    if (!isText && (!value || value.isNull(row))) return;
    const start = out.open(5);
    if (isText) out.bytes(1, text.text(row));
    else writeJson(out, anyValue, JSON.parse(decoder.decode(value!.text(row))));
    out.close(start);
  };
}
