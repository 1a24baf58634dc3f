import { type ScalarFunction, scalarFunctions } from './scalar-functions.ts';
import { type TableFunction, tableFunctions } from './table-functions.ts';
import { type BuiltinView, builtinViews } from './views.ts';

const scalars = new Map(scalarFunctions.map((definition) => [definition.name, definition]));
const ofTables = new Map(tableFunctions.map((definition) => [definition.name, definition]));
const views = new Map(builtinViews.map((definition) => [definition.name, definition]));

export const scalarFunctionOf = (name: string): ScalarFunction | undefined => scalars.get(name.toLowerCase());
export const tableFunctionOf = (name: string): TableFunction | undefined => ofTables.get(name.toLowerCase());
export const builtinViewOf = (name: string): BuiltinView | undefined => views.get(name.toLowerCase());

/** SQL that makes functions of ours, and those that they call, known to a session. Names of other functions are passed over. */
export function createFunctions(names: Iterable<string>): string[] {
  const made = new Map<string, string>();
  const make = (name: string): void => {
    const scalar = scalarFunctionOf(name);
    const ofTable = tableFunctionOf(name);
    const found = scalar ?? ofTable;
    if (found === undefined || made.has(found.name)) return;
    (found.calls ?? []).forEach(make);
    const definition = scalar?.overloads.join(', ') ?? ofTable?.definition;
    made.set(found.name, `CREATE TEMP MACRO ${found.name}${definition}`);
  };
  for (const name of names) make(name);
  return [...made.values()];
}
