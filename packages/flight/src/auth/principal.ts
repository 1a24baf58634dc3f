/** Who makes a call: a name, and whatever else the authenticator knows of them. */
export interface Principal {
  readonly name: string;
  readonly [claim: string]: unknown;
}
