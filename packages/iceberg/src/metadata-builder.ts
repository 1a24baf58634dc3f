import { CatalogError } from './catalog-error.ts';
import type { Long } from './json.ts';
import { checkSchema, checkSortOrder, checkSpec, sameFields } from './metadata-validation.ts';
import { highestPartitionId, type PartitionSpec } from './partition-spec.ts';
import { highestFieldId, type IcebergSchema } from './schema.ts';
import { mainBranch, type Snapshot, type SnapshotRef } from './snapshot.ts';
import type { SortOrder } from './sort-order.ts';
import { noSnapshot, type Properties, type StatisticsFile, type TableMetadata } from './table-metadata.ts';

/** "The one that was added last", as an id in an update. */
const lastAdded = -1;

/** How far a snapshot may lie before the last change: clocks differ. */
const clockToleranceMs = 60_000;

type Draft = { -readonly [key in keyof TableMetadata]: TableMetadata[key] };

/** Collects the changes of one commit on a copy; `build` gives the metadata after them. */
export class MetadataBuilder {
  private readonly base: TableMetadata;
  private readonly nowMs: number;
  private readonly draft: Draft;
  private readonly addedSnapshots = new Set<Long>();
  private changed = false;
  private updatedMs: number | undefined;
  private addedSchemaId: number | undefined;
  private addedSpecId: number | undefined;
  private addedOrderId: number | undefined;

  constructor(base: TableMetadata, nowMs: number) {
    this.base = base;
    this.nowMs = nowMs;
    this.draft = { ...base };
  }

  build(): TableMetadata {
    if (!this.changed) return this.base;
    const updatedMs = this.updatedMs ?? this.nowMs;
    return { ...this.draft, 'last-updated-ms': Math.max(updatedMs, this.base['last-updated-ms']) };
  }

  assignUuid(uuid: string): void {
    if (this.base['table-uuid'] === uuid) return;
    this.set('table-uuid', uuid);
  }

  upgradeFormatVersion(version: number): void {
    if (version === 2) return;
    throw invalid(`Cannot change the format version from 2 to ${version}: only version 2 is supported`);
  }

  addSchema(schema: IcebergSchema, lastColumnId?: number): void {
    checkSchema(schema);
    const lastId = Math.max(this.draft['last-column-id'], highestFieldId(schema));
    if (lastColumnId !== undefined && lastColumnId < this.draft['last-column-id']) {
      throw invalid(
        `Invalid last column ID: ${lastColumnId} < ${this.draft['last-column-id']} (previous last column ID)`,
      );
    }
    const same = this.draft.schemas.find((known) => sameSchema(known, schema));
    this.addedSchemaId = same ? same['schema-id'] : nextId(this.draft.schemas, 'schema-id');
    const last = Math.max(lastId, lastColumnId ?? 0);
    if (last !== this.draft['last-column-id']) this.set('last-column-id', last);
    if (!same)
      this.set('schemas', [...this.draft.schemas, { ...schema, type: 'struct', 'schema-id': this.addedSchemaId }]);
  }

  setCurrentSchema(id: number): void {
    const wanted = id === lastAdded ? added(this.addedSchemaId, 'schema') : id;
    if (wanted === this.draft['current-schema-id']) return;
    const schema = exists(
      this.draft.schemas.find((known) => known['schema-id'] === wanted),
      `schema with ID ${wanted}`,
    );
    for (const spec of this.draft['partition-specs']) {
      if (spec['spec-id'] === this.draft['default-spec-id']) checkSpec(spec, schema);
    }
    this.set('current-schema-id', wanted);
  }

  removeSchemas(ids: readonly number[]): void {
    if (ids.includes(this.draft['current-schema-id'])) throw invalid('Cannot remove the current schema');
    const schemas = this.draft.schemas.filter((schema) => !ids.includes(schema['schema-id']));
    if (schemas.length !== this.draft.schemas.length) this.set('schemas', schemas);
  }

  addSpec(spec: PartitionSpec): void {
    checkSpec(spec, this.currentSchema());
    const assigned = this.assignPartitionIds(spec);
    const same = this.draft['partition-specs'].find((known) => sameFields(known.fields, assigned.fields));
    this.addedSpecId = same ? same['spec-id'] : nextId(this.draft['partition-specs'], 'spec-id');
    if (same) return;
    const specs = [...this.draft['partition-specs'], { ...assigned, 'spec-id': this.addedSpecId }];
    this.set('partition-specs', specs);
    this.set('last-partition-id', Math.max(this.draft['last-partition-id'], highestPartitionId(specs)));
  }

  setDefaultSpec(id: number): void {
    const wanted = id === lastAdded ? added(this.addedSpecId, 'partition spec') : id;
    if (wanted === this.draft['default-spec-id']) return;
    exists(
      this.draft['partition-specs'].find((spec) => spec['spec-id'] === wanted),
      `partition spec with ID ${wanted}`,
    );
    this.set('default-spec-id', wanted);
  }

  removeSpecs(ids: readonly number[]): void {
    if (ids.includes(this.draft['default-spec-id'])) throw invalid('Cannot remove the default partition spec');
    const specs = this.draft['partition-specs'].filter((spec) => !ids.includes(spec['spec-id']));
    if (specs.length !== this.draft['partition-specs'].length) this.set('partition-specs', specs);
  }

  addSortOrder(order: SortOrder): void {
    checkSortOrder(order, this.currentSchema());
    const same = this.draft['sort-orders'].find((known) => sameFields(known.fields, order.fields));
    const unused = Math.max(1, nextId(this.draft['sort-orders'], 'order-id'));
    this.addedOrderId = same ? same['order-id'] : order.fields.length === 0 ? 0 : unused;
    if (same) return;
    this.set('sort-orders', [...this.draft['sort-orders'], { ...order, 'order-id': this.addedOrderId }]);
  }

  setDefaultSortOrder(id: number): void {
    const wanted = id === lastAdded ? added(this.addedOrderId, 'sort order') : id;
    if (wanted === this.draft['default-sort-order-id']) return;
    exists(
      this.draft['sort-orders'].find((order) => order['order-id'] === wanted),
      `sort order with ID ${wanted}`,
    );
    this.set('default-sort-order-id', wanted);
  }

  addSnapshot(snapshot: Snapshot): void {
    const id = snapshot['snapshot-id'];
    const sequence = snapshot['sequence-number'];
    if (this.draft.snapshots.some((known) => known['snapshot-id'] === id)) {
      throw invalid(`Snapshot already exists for id: ${id}`);
    }
    if (!(sequence > this.draft['last-sequence-number']) && snapshot['parent-snapshot-id'] !== undefined) {
      throw new CatalogError(
        'CommitFailedException',
        `Cannot add snapshot with sequence number ${sequence} older than last sequence number ${this.draft['last-sequence-number']}`,
      );
    }
    const earliest = this.draft['last-updated-ms'] - clockToleranceMs;
    if (snapshot['timestamp-ms'] < earliest) {
      throw invalid(
        `Invalid snapshot timestamp ${snapshot['timestamp-ms']}: before last updated timestamp ${this.draft['last-updated-ms']}`,
      );
    }
    this.addedSnapshots.add(id);
    this.updatedMs = snapshot['timestamp-ms'];
    this.set('last-sequence-number', Math.max(sequence, this.draft['last-sequence-number']));
    this.set('snapshots', [...this.draft.snapshots, snapshot]);
  }

  setRef(name: string, ref: SnapshotRef): void {
    const id = ref['snapshot-id'];
    const snapshot = exists(
      this.draft.snapshots.find((known) => known['snapshot-id'] === id),
      `snapshot with ID ${id}`,
    );
    const known = this.draft.refs[name];
    if (known && JSON.stringify(sorted(known)) === JSON.stringify(sorted(ref))) return;
    if (name === mainBranch) this.setMain(snapshot, ref);
    this.set('refs', { ...this.draft.refs, [name]: ref });
  }

  private setMain(snapshot: Snapshot, ref: SnapshotRef): void {
    if (ref.type !== 'branch') throw invalid('main must be a branch');
    const id = snapshot['snapshot-id'];
    if (this.draft['current-snapshot-id'] === id) return;
    const timestamp = this.addedSnapshots.has(id) ? snapshot['timestamp-ms'] : this.nowMs;
    this.set('current-snapshot-id', id);
    this.set('snapshot-log', [...this.draft['snapshot-log'], { 'timestamp-ms': timestamp, 'snapshot-id': id }]);
  }

  removeRef(name: string): void {
    if (!this.draft.refs[name]) return;
    if (name === mainBranch) this.set('current-snapshot-id', noSnapshot);
    const { [name]: _, ...refs } = this.draft.refs;
    this.set('refs', refs);
  }

  removeSnapshots(ids: readonly Long[]): void {
    const removed = new Set(ids);
    const snapshots = this.draft.snapshots.filter((snapshot) => !removed.has(snapshot['snapshot-id']));
    if (snapshots.length === this.draft.snapshots.length) return;
    this.set('snapshots', snapshots);
    const isKept = (entry: { readonly 'snapshot-id': Long }) => !removed.has(entry['snapshot-id']);
    for (const [name, ref] of Object.entries(this.draft.refs)) if (!isKept(ref)) this.removeRef(name);
    this.set('statistics', this.draft.statistics.filter(isKept));
    this.set('partition-statistics', this.draft['partition-statistics'].filter(isKept));
    // History is only true without gaps: what lies before a removed snapshot goes with it.
    const lastGap = this.draft['snapshot-log'].findLastIndex((entry) => !isKept(entry));
    this.set('snapshot-log', this.draft['snapshot-log'].slice(lastGap + 1));
  }

  setLocation(location: string): void {
    if (location !== this.draft.location) this.set('location', location);
  }

  setProperties(updates: Properties): void {
    const { 'format-version': version, ...rest } = updates;
    if (version !== undefined) this.upgradeFormatVersion(Number(version));
    if (Object.entries(rest).every(([key, value]) => this.draft.properties[key] === value)) return;
    this.set('properties', { ...this.draft.properties, ...rest });
  }

  removeProperties(keys: readonly string[]): void {
    const kept = Object.entries(this.draft.properties).filter(([key]) => !keys.includes(key));
    if (kept.length !== Object.keys(this.draft.properties).length) this.set('properties', Object.fromEntries(kept));
  }

  setStatistics(kind: 'statistics' | 'partition-statistics', file: StatisticsFile): void {
    const others = this.draft[kind].filter((known) => known['snapshot-id'] !== file['snapshot-id']);
    this.set(kind, [...others, file]);
  }

  removeStatistics(kind: 'statistics' | 'partition-statistics', snapshotId: Long): void {
    const kept = this.draft[kind].filter((known) => known['snapshot-id'] !== snapshotId);
    if (kept.length !== this.draft[kind].length) this.set(kind, kept);
  }

  private set<K extends keyof Draft>(key: K, value: Draft[K]): void {
    this.draft[key] = value;
    this.changed = true;
  }

  private currentSchema(): IcebergSchema {
    return this.draft.schemas.find((schema) => schema['schema-id'] === this.draft['current-schema-id'])!;
  }

  /** A field that an earlier spec had keeps its id; new ones get the next. */
  private assignPartitionIds(spec: PartitionSpec): PartitionSpec {
    const known = this.draft['partition-specs'].flatMap((earlier) => earlier.fields);
    let last = this.draft['last-partition-id'];
    const fields = spec.fields.map((field) => {
      if (field['field-id'] !== undefined) return field;
      const same = known.find((f) => f['source-id'] === field['source-id'] && f.transform === field.transform);
      return { ...field, 'field-id': same ? same['field-id'] : ++last };
    });
    return { ...spec, fields };
  }
}

function nextId<K extends string>(list: readonly { readonly [key in K]: number }[], key: K): number {
  return Math.max(-1, ...list.map((item) => item[key])) + 1;
}

const sorted = (value: object) =>
  Object.entries(value)
    .map(([key, part]) => [key, String(part)])
    .sort();

function sameSchema(a: IcebergSchema, b: IcebergSchema): boolean {
  const identifiers = (schema: IcebergSchema) => [...(schema['identifier-field-ids'] ?? [])].sort();
  return sameFields(a.fields, b.fields) && sameFields(identifiers(a), identifiers(b));
}

function added(id: number | undefined, what: string): number {
  if (id === undefined) throw invalid(`Cannot set last added ${what}: no ${what} has been added`);
  return id;
}

function exists<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw invalid(`Cannot find ${what}`);
  return value;
}

const invalid = (message: string) => new CatalogError('ValidationException', message);
