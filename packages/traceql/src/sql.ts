// Pieces of DuckDB's SQL.

/** A text literal. */
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** An identifier, quoted. */
export const name = (value: string): string => `"${value.replaceAll('"', '""')}"`;

/** All of them; true of none. */
export const all = (conditions: readonly string[]): string => joined(conditions, 'AND', 'TRUE', 'FALSE');

/** Any of them; false of none. */
export const any = (conditions: readonly string[]): string => joined(conditions, 'OR', 'FALSE', 'TRUE');

function joined(conditions: readonly string[], operator: string, empty: string, decisive: string): string {
  if (conditions.includes(decisive)) return decisive;
  const telling = conditions.filter((c) => c !== empty);
  if (telling.length <= 1) return telling[0] ?? empty;
  return `(${telling.join(` ${operator} `)})`;
}

/** Not; what is unknown (NULL) counts as false, as a comparison with a missing attribute does. */
export function not(condition: string): string {
  if (condition === 'TRUE') return 'FALSE';
  if (condition === 'FALSE') return 'TRUE';
  return `NOT coalesce(${condition}, FALSE)`;
}

/** Whether some element of a list passes; `test` is given the element's name. False for a NULL list. */
export function some(list: string, element: string, test: (element: string) => string): string {
  const condition = test(element);
  return condition === 'FALSE' ? 'FALSE' : `len(list_filter(${list}, lambda ${element}: ${condition})) > 0`;
}
