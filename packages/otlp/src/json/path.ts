import { WireReader } from '../wire/reader.ts';
import type { FieldSpec, MessageSpec } from './messages.ts';

/** The path, in OTLP's JSON names, of the innermost field of a message that holds the byte at `offset`; empty where none does. */
export function pathAt(spec: MessageSpec, bytes: Uint8Array, offset: number): string {
  const wire = new WireReader(bytes);
  const path: string[] = [];
  let message: MessageSpec | undefined = spec;
  let end = bytes.length;
  try {
    while (message) {
      const found = fieldAt(wire, message, end, offset);
      if (!found) break;
      path.push(found.step);
      end = found.end;
      message = typeof found.field.type === 'string' ? undefined : found.field.type;
    }
  } catch {
    // The fault itself ends the walk: what was found so far is the path to it.
  }
  return path.join('.');
}

interface Found {
  readonly step: string;
  readonly field: FieldSpec;
  readonly end: number;
}

/** The field around `offset`, with `wire` at its content. */
function fieldAt(wire: WireReader, message: MessageSpec, end: number, offset: number): Found | undefined {
  const counts = new Map<number, number>();
  while (wire.pos < end && wire.pos <= offset) {
    const tag = wire.tag(end);
    const field = message.byNumber.get(tag >>> 3);
    if (!field || (tag & 7) !== 2) {
      const skipped = trySkip(wire, tag, end);
      if (field && (!skipped || wire.pos > offset))
        return { step: field.name, field: { ...field, type: 'bytes' }, end };
      if (!skipped) return undefined;
      continue;
    }
    const count = counts.get(field.number) ?? 0;
    counts.set(field.number, count + 1);
    const length = wire.length(end);
    const next = wire.pos + length;
    if (offset < next || (offset === next && next === end)) {
      return { step: field.repeated ? `${field.name}[${count}]` : field.name, field, end: next };
    }
    wire.pos = next;
  }
  return undefined;
}

function trySkip(wire: WireReader, tag: number, end: number): boolean {
  try {
    wire.skip(tag, end);
    return true;
  } catch {
    return false;
  }
}
