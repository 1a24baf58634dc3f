/** The one of some names that a mistyped one most likely means; undefined where none is near. */
export function nearestName(wanted: string, names: readonly string[]): string | undefined {
  const typed = wanted.toLowerCase();
  const scored = names
    .map((name) => ({ name, distance: distance(typed, name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  const [best] = scored;
  return best !== undefined && best.distance <= Math.max(2, typed.length / 2) ? best.name : undefined;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
