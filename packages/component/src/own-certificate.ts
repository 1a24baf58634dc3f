/** What a service shows of itself when it connects to another one, and whom it trusts there. PEM. */
export interface OwnCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Signers of the others' certificates; default: the usual ones. */
  readonly ca?: Buffer;
}

/** The options of a client whose service has a certificate: it shows the same as its doors do. */
export function ownCertificate(
  tls: { readonly cert: Buffer; readonly key: Buffer; readonly trusted?: Buffer } | undefined,
): { readonly tls?: OwnCertificate } {
  if (!tls) return {};
  const { cert, key, trusted } = tls;
  return { tls: { cert, key, ...(trusted && { ca: trusted }) } };
}
