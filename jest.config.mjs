// Tests run on the sources as Node runs them: types are stripped, nothing is compiled.
export default {
  testEnvironment: 'node',
  rootDir: import.meta.dirname,
  roots: [
    '<rootDir>/proto',
    '<rootDir>/packages',
    '<rootDir>/services',
    '<rootDir>/scripts',
    '<rootDir>/tests/system',
    '<rootDir>/tests/chaos',
  ],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'mjs', 'js', 'cjs', 'json', 'node'],
  transform: { '\\.ts$': '<rootDir>/scripts/strip-types.mjs' },
  testTimeout: 30_000,
};
