import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { seen } from '../examples/tour.ts';

const file = (name: string) => readFile(join(import.meta.dirname, '..', name), 'utf8');

it('the code of the README is the code of the example', async () => {
  const tour = await file('examples/tour.ts');
  const blocks = [...(await file('README.md')).matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);
  expect(blocks.length).toBeGreaterThan(5);
  for (const block of blocks) expect(tour).toContain(block);
});

it('the example does what it says', () => {
  expect([...seen].sort()).toEqual([
    '3 rows',
    '3 rows',
    '3 rows',
    '3 rows',
    '3 rows',
    'CANCELLED',
    'doGet 0 3',
    'doGet took true',
  ]);
});
