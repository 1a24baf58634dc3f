import type { TimeRange } from '../time-range.ts';

/** Where a file's bytes are: in the object store, or on a writer's disk. */
export type FileSource =
  | { readonly kind: 'object'; readonly uri: string }
  | { readonly kind: 'hot'; readonly name: string; readonly path: string; readonly location: string };

/** An immutable Parquet file with rows of a table. */
export interface TableFile {
  readonly source: FileSource;
  readonly rows: number;
  readonly bytes: number;
  /** Of the rows' own times; open ends where they aren't known. */
  readonly times: TimeRange;
  readonly hasTraceFilter: boolean;
}

/** What stands beside a file of spans. */
export const sidecars = { traceIndex: '.trace-index.parquet', traceFilter: '.trace-filter' } as const;

/** Names a file, the same everywhere and for ever. */
export function fileId(source: FileSource): string {
  return source.kind === 'object' ? source.uri : `hot:${source.name}`;
}

/** The source of one of a file's sidecars. */
export function sidecarOf(source: FileSource, suffix: string): FileSource {
  if (source.kind === 'object') return { kind: 'object', uri: source.uri + suffix };
  return { ...source, name: source.name + suffix, path: source.path + suffix };
}
