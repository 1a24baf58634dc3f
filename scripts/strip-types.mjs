// Jest's transform: the same type stripping that Node itself does when it runs a .ts file.
import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';

const strip = (source) => ({ code: stripTypeScriptTypes(source) });

export default {
  process: strip,
  processAsync: async (source) => strip(source),
  getCacheKey: (source, path) => createHash('sha1').update(path).update(source).digest('hex'),
};
