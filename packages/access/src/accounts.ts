import { createHash, createHmac, randomBytes, type X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { secretsEqual } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { type AccessFile, type Rights, tokenDigest, type UserEntry } from './access-file.ts';
import type { Account } from './account.ts';
import { hashPassword, verifyPassword } from './password-hash.ts';

/** Passwords are dear to check: at most so many at once, and so many waiting. */
const checksMax = 2;
const waitingMax = 64;
/** Passwords that were right are remembered, as a keyed digest: some clients send theirs with every request. */
const rememberedMax = 1000;

/** Who is who, after an authentication file that may be replaced at any time. */
export class Accounts {
  #file: AccessFile = { users: new Map(), tokens: new Map(), certificates: new Map() };
  readonly #memoryKey = randomBytes(32);
  readonly #right = new Set<string>();
  readonly #slots = new Slots(checksMax, waitingMax);
  #nobody: Promise<string> | undefined;

  /** Answers whether it says anything else than the one before. */
  replace(file: AccessFile): boolean {
    if (isDeepStrictEqual(file, this.#file)) return false;
    this.#file = file;
    this.#right.clear();
    return true;
  }

  /** @throws RESOURCE_EXHAUSTED where too many passwords are being checked */
  async password(name: string, password: string): Promise<Account | undefined> {
    const user = this.#file.users.get(name);
    const memory = createHmac('sha256', this.#memoryKey)
      .update(JSON.stringify([name, password]))
      .digest('base64');
    if (user && this.#right.has(memory)) return accountOfEntry(user);
    const right = await this.#slots.run(() => this.#check(user, password));
    // The file may have been replaced meanwhile.
    if (!user || !right || this.#file.users.get(name) !== user) return undefined;
    if (this.#right.size >= rememberedMax) this.#right.clear();
    this.#right.add(memory);
    return accountOfEntry(user);
  }

  token(token: string): Account | undefined {
    const entry = this.#file.tokens.get(tokenDigest(token));
    return entry && accountOfEntry(entry);
  }

  /** By the certificate's common name, or one of its alternative names (DNS, URI, e-mail). */
  certificate(certificate: X509Certificate): Account | undefined {
    for (const name of certificateNames(certificate)) {
      const entry = this.#file.certificates.get(name);
      if (entry) return accountOfEntry(entry);
    }
    return undefined;
  }

  /** A user by name, for tokens that were handed out after a password; `version` changes with the password. */
  user(name: string): { readonly account: Account; readonly version: string } | undefined {
    const user = this.#file.users.get(name);
    return user && { account: accountOfEntry(user), version: versionOf(user) };
  }

  async #check(user: UserEntry | undefined, password: string): Promise<boolean> {
    if (user?.password !== undefined) return secretsEqual(user.password, password);
    if (user?.passwordHash !== undefined) return verifyPassword(password, user.passwordHash);
    // As long as for someone who is there, so that the time doesn't tell who is.
    this.#nobody ??= hashPassword('nobody');
    await verifyPassword(password, await this.#nobody);
    return false;
  }
}

const accountOfEntry = ({ name, tenants, write }: Rights): Account => ({ name, tenants, write });

/** A few bits: enough to notice a change, too few to find a password by. */
function versionOf({ password, passwordHash }: UserEntry): string {
  return createHash('sha256')
    .update(passwordHash ?? `plain ${password}`)
    .digest('hex')
    .slice(0, 4);
}

/** Common name first. */
export function certificateNames({
  subject,
  subjectAltName,
}: Pick<X509Certificate, 'subject' | 'subjectAltName'>): string[] {
  const common = /(?:^|\n)CN=(.+)/.exec(subject ?? '')?.[1];
  const others = (subjectAltName ?? '').split(', ').flatMap((text) => {
    const [, name] = /^(?:DNS|URI|email):(.+)$/.exec(text) ?? [];
    // Names with odd characters come quoted; none that a file would hold has them.
    return name && !name.startsWith('"') ? [name] : [];
  });
  return [...(common ? [common] : []), ...others];
}

/** Lets a few run at once and a bounded number wait. */
class Slots {
  #free: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number, waiting: number) {
    this.#free = count;
    this.#waitingMax = waiting;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else if (this.#waiting.length >= this.#waitingMax)
      throw new GrpcError(Status.RESOURCE_EXHAUSTED, 'too many passwords are being checked; try again in a moment');
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
