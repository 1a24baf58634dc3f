import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { StartupError, z } from '@signaldb/runtime';
import { parseDocument } from 'yaml';
import { isPasswordHash } from './password-hash.ts';
import { isTenant } from './tenant.ts';

const rights = {
  name: z.string().min(1).max(200),
  tenants: z.union([z.literal('*'), z.array(z.string().refine(isTenant, 'is no name of a tenant'))]),
  write: z.boolean().default(false),
};

const fileSchema = z.strictObject({
  users: z
    .array(
      z.strictObject({
        ...rights,
        passwordHash: z.string().refine(isPasswordHash, 'is no hash that `npm run auth-hash` makes').optional(),
        password: z.string().min(1).optional(),
      }),
    )
    .default([]),
  tokens: z
    .array(
      z.strictObject({
        ...rights,
        sha256: z
          .string()
          .regex(/^[0-9a-fA-F]{64}$/, 'is no SHA-256 in hexadecimal')
          .optional(),
        token: z.string().min(8, 'is shorter than 8 characters').optional(),
      }),
    )
    .default([]),
  certificates: z.array(z.strictObject(rights)).default([]),
});

/** What every entry says. */
export type Rights = { readonly name: string; readonly tenants: readonly string[] | '*'; readonly write: boolean };

export interface UserEntry extends Rights {
  /** One of the two is there. */
  readonly passwordHash?: string | undefined;
  readonly password?: string | undefined;
}

export interface TokenEntry extends Rights {
  /** In lower case. */
  readonly sha256: string;
}

/** What an authentication file says. */
export interface AccessFile {
  readonly users: ReadonlyMap<string, UserEntry>;
  /** By the SHA-256 of the token. */
  readonly tokens: ReadonlyMap<string, TokenEntry>;
  /** By the name in the certificate. */
  readonly certificates: ReadonlyMap<string, Rights>;
}

/** @throws StartupError `CONFIG_INVALID` that names the place, and never shows a secret */
export function readAccessFile(path: string): AccessFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(`can't be read (${(error as NodeJS.ErrnoException).code})`, path);
  }
  return parseAccessFile(text, path);
}

/** YAML, of which JSON is a part. Throws as `readAccessFile`. */
export function parseAccessFile(text: string, path: string): AccessFile {
  const document = parseDocument(text, { prettyErrors: false });
  const [broken] = document.errors;
  // The parser's own message may quote the line, and with it a password.
  if (broken) throw invalid(`is no valid YAML (${broken.code}, at character ${broken.pos[0]})`, path);
  const parsed = fileSchema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    const { path: at, code, message } = parsed.error.issues[0]!;
    throw invalid(`${at.join('.') || 'its content'}: ${code === 'custom' ? message : message.slice(0, 200)}`, path);
  }
  const { users, tokens, certificates } = parsed.data;
  return {
    users: byKey(users.map(checkUser(path)), ({ name }) => name, 'users', path),
    tokens: byKey(tokens.map(checkToken(path)), ({ sha256 }) => sha256, 'tokens', path),
    certificates: byKey(certificates, ({ name }) => name, 'certificates', path),
  };
}

const checkUser = (path: string) => (user: UserEntry) => {
  if ((user.password === undefined) === (user.passwordHash === undefined))
    throw invalid(`the user "${user.name}" needs either passwordHash or password`, path);
  return user;
};

const checkToken =
  (path: string) =>
  ({ token, sha256, ...rest }: Rights & { sha256?: string | undefined; token?: string | undefined }): TokenEntry => {
    if ((token === undefined) === (sha256 === undefined))
      throw invalid(`the token "${rest.name}" needs either sha256 or token`, path);
    return { ...rest, sha256: sha256?.toLowerCase() ?? tokenDigest(token!) };
  };

/** What a file holds of a token. */
export function tokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function byKey<T extends Rights>(entries: readonly T[], key: (entry: T) => string, section: string, path: string) {
  const map = new Map<string, T>();
  for (const entry of entries) {
    if (map.has(key(entry))) throw invalid(`${section}: "${entry.name}" is there twice`, path);
    map.set(key(entry), entry);
  }
  return map;
}

function invalid(problem: string, path: string): StartupError {
  return new StartupError(
    'CONFIG_INVALID',
    `The authentication file ${path} ${problem}. See docs/authentication.md for its form.`,
  );
}
