import type { Long } from './json.ts';

/** What a snapshot did. */
export type Operation = 'append' | 'replace' | 'overwrite' | 'delete';

/** Facts about a commit; all values are text. */
export interface SnapshotSummary {
  readonly operation: Operation;
  readonly [key: string]: string;
}

/** https://iceberg.apache.org/spec/#snapshots */
export interface Snapshot {
  readonly 'snapshot-id': Long;
  readonly 'parent-snapshot-id'?: Long;
  readonly 'sequence-number': number;
  readonly 'timestamp-ms': number;
  readonly 'manifest-list': string;
  readonly summary: SnapshotSummary;
  readonly 'schema-id'?: number;
}

/** A branch or a tag. https://iceberg.apache.org/spec/#snapshot-references */
export interface SnapshotRef {
  readonly 'snapshot-id': Long;
  readonly type: 'branch' | 'tag';
  readonly 'min-snapshots-to-keep'?: number;
  readonly 'max-snapshot-age-ms'?: number;
  readonly 'max-ref-age-ms'?: number;
}

/** The branch that readers see. */
export const mainBranch = 'main';
