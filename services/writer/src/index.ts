export { type WriterConfig, writerConfig } from './config.ts';
export { createWriter, type Writer, type WriterDeps } from './create-writer.ts';
