import { type ColumnNode, leafTypes } from './column-tree.ts';

const column = (name: string, leaf: ColumnNode['leaf']): ColumnNode => ({
  name,
  kind: 'leaf',
  children: [],
  leaf: leaf!,
});

/** The columns of a trace index: docs/formats/trace-index.md. */
export const traceIndexColumns: readonly ColumnNode[] = [
  column('trace_id', leafTypes.string),
  column('first_time', leafTypes.int64),
  column('last_time', leafTypes.int64),
  column('root_service_name', leafTypes.string),
  column('root_name', leafTypes.string),
  column('span_count', leafTypes.int32),
  column('error_count', leafTypes.int32),
];
