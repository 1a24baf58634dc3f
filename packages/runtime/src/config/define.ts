import { z } from 'zod';

export { z };

/** A configuration schema: a strict zod object whose nested objects are sections and whose other fields are settings. */
export type ConfigSchema<S extends z.core.$ZodLooseShape = z.core.$ZodLooseShape> = z.ZodObject<S, z.core.$strict>;

/**
 * Defines a configuration, or one section of a larger one. Every setting is a zod type with `.describe()` (one line, becomes the
 * documentation) and `.default()`, unless the operator must give it; units come last in names (`flushIntervalMs`).
 */
export function defineConfig<S extends z.core.$ZodLooseShape>(shape: S): ConfigSchema<S> {
  return z.strictObject(shape);
}

/** A setting that logs and `describeConfig` never show. Its environment variable may also be given as `<NAME>_FILE`, a file to read it from. */
export function secret(): z.ZodString {
  return z.string().meta({ secret: true });
}

/** A file or folder; a relative one is resolved against the folder in which the program was called. */
export function path(): z.ZodString {
  return z.string().min(1).meta({ path: true });
}

/** A TCP port to listen on; 0 takes any free one. */
export function port(): z.ZodNumber {
  return z.number().int().min(0).max(65535).meta({ port: true });
}
