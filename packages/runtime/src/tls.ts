import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { oneLine, StartupError } from './startup-error.ts';

/** What a TLS server needs, as `node:tls` takes it. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Signers of the clients' certificates; where given, clients must show one. */
  readonly ca?: Buffer;
  readonly requestCert: boolean;
  /** Signers of the servers that this service connects to; default: the usual ones. */
  readonly trusted?: Buffer;
}

export interface TlsFiles {
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly clientCaFile?: string | undefined;
  readonly caFile?: string | undefined;
}

/** Reads and checks certificates. @returns undefined where none are configured @throws StartupError `TLS_INVALID` */
export function loadTlsMaterial({ certFile, keyFile, clientCaFile, caFile }: TlsFiles): TlsMaterial | undefined {
  if (!certFile && !keyFile && !clientCaFile && !caFile) return undefined;
  if (!certFile || !keyFile)
    throw new StartupError('TLS_INVALID', 'TLS needs both a certificate (certFile) and its key (keyFile).');
  const material = {
    cert: read(certFile),
    key: read(keyFile),
    ...(clientCaFile && { ca: read(clientCaFile) }),
    requestCert: Boolean(clientCaFile),
    ...(caFile && { trusted: read(caFile) }),
  };
  try {
    createSecureContext(material);
    if (material.trusted) createSecureContext({ ca: material.trusted });
  } catch (error) {
    throw new StartupError(
      'TLS_INVALID',
      `The certificate ${certFile} and key ${keyFile} can't be used together: ${oneLine((error as Error).message)}.`,
      { cause: error },
    );
  }
  return material;
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new StartupError('TLS_INVALID', `${file} can't be read (${(error as NodeJS.ErrnoException).code}).`, {
      cause: error,
    });
  }
}
