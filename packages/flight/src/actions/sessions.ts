import type { CallContext } from '../service.ts';

/** The value of a session's option; undefined unsets it. A number travels as double, a bigint as int64. */
export type SessionValue = string | boolean | bigint | number | readonly string[] | undefined;

/** Why an option couldn't be set. */
export type SessionError = 'INVALID_NAME' | 'INVALID_VALUE' | 'ERROR';

export type CloseSessionStatus = 'CLOSED' | 'CLOSING' | 'NOT_CLOSEABLE';

/** Options of a client's session; how calls are told to belong to one is the service's affair (a cookie, a token). */
export interface Sessions {
  get(context: CallContext): Promise<Readonly<Record<string, SessionValue>>>;
  /** Sets what it can; answers what it couldn't set. */
  set(
    options: Readonly<Record<string, SessionValue>>,
    context: CallContext,
  ): Promise<Readonly<Record<string, SessionError>>>;
  /** Ends the session. Without it there is nothing to end, and every session is closed at once. */
  close?(context: CallContext): Promise<CloseSessionStatus>;
}
