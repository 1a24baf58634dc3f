import type { ForeignStream } from '../../../packages/flight/src/testing/foreign-stream.ts';
import type { PlainValue } from '../../../packages/flight/src/testing/plain-values.ts';

/** What an implementation understood of a stream. */
export type Understood =
  | { readonly error: string }
  | {
      readonly error?: undefined;
      readonly columns: PlainValue[][];
      /** The schema's custom metadata. */
      readonly metadata: Readonly<Record<string, string>> | null;
    };

/** An implementation of Arrow in another language, as a program that writes and reads IPC streams. */
export interface Implementation {
  readonly name: string;
  /** Streams of every type; `all` in every form (compressions, metadata versions), else one form each. */
  write(all: boolean): Promise<ForeignStream[]>;
  /** Reads streams given in base64. */
  read(streams: readonly string[]): Promise<Understood[]>;
}
