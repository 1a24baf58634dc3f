export * from './ast.ts';
export { type CheckedSearch, checkFilter, checkSearch } from './check.ts';
export { type CompiledSearch, compileSearch, type SelectedField } from './compile.ts';
export { type Position, TraceQLError, type TraceQLErrorCode } from './errors.ts';
export { kindCodes, statusCodes } from './intrinsics.ts';
export { parse } from './parse.ts';
export type { ColumnType, Need, OverflowScope, TraceTable } from './table.ts';
export { parseUnfinished } from './tolerant.ts';
