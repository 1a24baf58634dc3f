export { crc32c } from './crc32c.ts';
export { WalError, type WalErrorCode } from './errors.ts';
export { type FolderLock, lockFile } from './folder-lock.ts';
export type { Append, Appended, Log, LogEvents, ReadOptions } from './log.ts';
export { createLogIo, type LogFile, type LogIo } from './log-io.ts';
export { openLog } from './open-log.ts';
export type { LogOptions } from './options.ts';
export type { LogRecord } from './record.ts';
export type { BrokenPart, RecoveryReport } from './recover.ts';
