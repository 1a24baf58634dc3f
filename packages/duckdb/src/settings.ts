import { DuckDbError } from './error.ts';
import { quoteLiteral } from './quote.ts';

/** Limits and permissions of a database. */
export interface DatabaseSettings {
  /** Bytes that DuckDB's buffers may take, or text such as `512MB`. */
  readonly memoryLimit?: number | string;
  /** Threads of a query, that of the caller included. */
  readonly threads?: number;
  /** Where larger-than-memory work is spilled; without it nothing is spilled and such work fails. */
  readonly tempDirectory?: string;
  /** Bytes that may be spilled, or text such as `1GB`. */
  readonly tempDirectoryBytesMax?: number | string;
  /** Folders that SQL may read and write; with it (even empty) everything outside is refused, the network too. */
  readonly allowedDirectories?: readonly string[];
  /** SQL can change no setting, load no extension, and reach no file outside `allowedDirectories` (default none). */
  readonly locked?: boolean;
  /** Any other settings of DuckDB, by name. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

/** The statements that apply settings, in an order in which none forbids a later one. */
export function settingStatements(options: DatabaseSettings): string[] {
  const boxed = options.locked === true || options.allowedDirectories !== undefined;
  const settings: [string, string][] = [
    ['errors_as_json', 'true'],
    ['autoinstall_known_extensions', 'false'],
    ['autoload_known_extensions', 'false'],
    ['allow_community_extensions', 'false'],
    ['TimeZone', "'UTC'"],
    ['temp_directory', literal(options.tempDirectory ?? '')],
  ];
  if (options.memoryLimit !== undefined) settings.push(['memory_limit', literal(byteSize(options.memoryLimit))]);
  if (options.threads !== undefined) settings.push(['threads', literal(options.threads)]);
  if (options.tempDirectoryBytesMax !== undefined) {
    settings.push(['max_temp_directory_size', literal(byteSize(options.tempDirectoryBytesMax))]);
  }
  for (const [name, value] of Object.entries(options.settings ?? {}))
    settings.push([settingName(name), literal(value)]);
  if (boxed) {
    settings.push(['allowed_directories', `[${(options.allowedDirectories ?? []).map(literal).join(', ')}]`]);
    settings.push(['enable_external_access', 'false']);
  }
  if (options.locked === true)
    settings.push(['secret_directory', "''"], ['allow_persistent_secrets', 'false'], ['lock_configuration', 'true']);
  return settings.map(([name, value]) => `SET GLOBAL ${name} = ${value}`);
}

function byteSize(size: number | string): string {
  return typeof size === 'number' ? `${Math.floor(size)}B` : size;
}

function settingName(name: string): string {
  if (!/^[A-Za-z_]+$/.test(name)) throw new DuckDbError('Parameter', `${JSON.stringify(name)} is no name of a setting`);
  return name;
}

/** A value as SQL text. */
function literal(value: string | number | boolean): string {
  return typeof value === 'string' ? quoteLiteral(value) : String(value);
}
