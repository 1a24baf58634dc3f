/** What a suite in `suites/` is given. */
export interface SuiteContext {
  /** Kept between runs, outside the repository; what is installed there is keyed by its version. */
  readonly cacheDir: string;
  log(line: string): void;
}

/** What a file in `suites/` exports. */
export interface Suite {
  readonly name: string;
  /** Throws where something isn't as it should be. */
  run(context: SuiteContext): Promise<void>;
}
