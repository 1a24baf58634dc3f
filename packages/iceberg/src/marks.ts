import type { Properties, TableMetadata } from './table-metadata.ts';

/** How far a log's rows are in a table: all of those with an LSN up to this one, as its writer of that epoch committed. */
export interface Mark {
  readonly epoch: number;
  readonly lsn: number;
}

/** Marks by log id. */
export type Marks = Readonly<Record<string, Mark>>;

const prefix = 'signaldb.log.';

/** The marks that a table's properties carry. Other engines' commits leave them as they are. */
export function marksOf(metadata: TableMetadata): Record<string, Mark> {
  const marks: Record<string, Mark> = {};
  for (const [key, value] of Object.entries(metadata.properties)) {
    if (key.startsWith(prefix)) marks[key.slice(prefix.length)] = parseMark(key, value);
  }
  return marks;
}

/** The properties in which marks are kept. */
export function markProperties(marks: Marks): Properties {
  return Object.fromEntries(
    Object.entries(marks).map(([log, { lsn, epoch }]) => [`${prefix}${log}`, JSON.stringify({ lsn, epoch })]),
  );
}

function parseMark(key: string, value: string): Mark {
  let mark: Partial<Mark> | null = null;
  try {
    mark = JSON.parse(value);
  } catch {
    // told below
  }
  if (!Number.isSafeInteger(mark?.lsn) || !Number.isSafeInteger(mark?.epoch)) {
    throw new Error(`Table property ${key} isn't a mark: ${value}`);
  }
  return { epoch: mark!.epoch!, lsn: mark!.lsn! };
}

/** Another writer has committed rows of a log: what this one was about to commit may be among them. */
export class MarkMovedError extends Error {
  override readonly name = 'MarkMovedError';
  readonly code = 'MARK_MOVED';
  /** The table's marks as they are now. */
  readonly marks: Marks;

  constructor(table: string, log: string, expected: Mark | undefined, marks: Marks) {
    const show = (mark: Mark | undefined) => (mark ? `LSN ${mark.lsn} of epoch ${mark.epoch}` : 'no mark');
    super(`Table ${table}: the mark of log ${log} is ${show(marks[log])}, expected ${show(expected)}`);
    this.marks = marks;
  }
}

/** Throws MarkMovedError unless the table's marks of these logs are the expected ones. */
export function checkMarks(
  table: string,
  metadata: TableMetadata,
  logs: readonly string[],
  expected: Readonly<Record<string, Mark | undefined>>,
): void {
  const found = marksOf(metadata);
  for (const log of logs) {
    if (!sameMark(found[log], expected[log])) throw new MarkMovedError(table, log, expected[log], found);
  }
}

export function sameMark(a: Mark | undefined, b: Mark | undefined): boolean {
  return a?.lsn === b?.lsn && a?.epoch === b?.epoch;
}
