import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** The code between `#region name` and the next `#endregion`, as if it stood at the margin. */
function region(name: string): string {
  const [, code] = new RegExp(`// #region ${name}\\n([\\s\\S]*?)\\n *// #endregion`).exec(
    read('./testing/readme-examples.ts'),
  )!;
  return code!.replace(/^ {2}/gm, '');
}

it.each(['server', 'client'])('the README’s %s is code that compiles', (name) => {
  expect(read('../README.md')).toContain(region(name));
});
