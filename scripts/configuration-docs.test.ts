import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { configurationFile, configurationPage } from './configuration-docs.ts';

describe('docs/configuration.md', () => {
  it('is what the schemas say (npm run gen writes it)', () => {
    expect(readFileSync(configurationFile, 'utf8')).toBe(configurationPage());
  });
});
