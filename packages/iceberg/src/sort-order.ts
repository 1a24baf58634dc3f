import type { Transform } from './transforms.ts';

/** https://iceberg.apache.org/spec/#sort-orders */
export interface SortField {
  readonly 'source-id': number;
  readonly transform: Transform;
  readonly direction: 'asc' | 'desc';
  readonly 'null-order': 'nulls-first' | 'nulls-last';
}

export interface SortOrder {
  readonly 'order-id': number;
  readonly fields: readonly SortField[];
}

export const unsorted: SortOrder = { 'order-id': 0, fields: [] };
