import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { findLibrary } from './library-path.ts';

describe('findLibrary', () => {
  it('finds the library of this platform through the dependency', () => {
    expect(existsSync(findLibrary())).toBe(true);
  });

  it('names a platform without a library, and one that is not installed', () => {
    expect(() => findLibrary('sunos-sparc')).toThrow(/no DuckDB library for sunos-sparc; there is one for linux-x64/);
    expect(() => findLibrary('win32-arm64')).toThrow(/@duckdb\/node-bindings-win32-arm64 is not installed/);
  });
});
