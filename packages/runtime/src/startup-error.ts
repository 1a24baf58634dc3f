/**
 * Something the operator has to mend before the service can start: a setting, a port, a folder, a certificate.
 * The message is one sentence that names what is wrong and one that says what to do; it is printed as it is,
 * without a stack, and the process ends with exit code 1.
 */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  /** Stable, for tests and for programs that start the service. */
  readonly code: StartupErrorCode;

  constructor(code: StartupErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type StartupErrorCode =
  | 'CONFIG_INVALID'
  | 'PORT_IN_USE'
  | 'PORT_FORBIDDEN'
  | 'ADDRESS_UNAVAILABLE'
  | 'FOLDER_FORBIDDEN'
  | 'FOLDER_INVALID'
  | 'FOLDER_VERSION'
  | 'FOLDER_IN_USE'
  | 'TLS_INVALID'
  | 'START_FAILED';

interface SystemError extends Error {
  readonly code?: string;
  readonly port?: number;
  readonly address?: string;
  readonly path?: string;
  readonly syscall?: string;
}

/**
 * Turns whatever a start failed with into a StartupError.
 * @param settingOf names the setting that holds a port, so that the advice can say what to change
 */
export function toStartupError(
  error: unknown,
  settingOf: (port: number) => string | undefined = () => undefined,
): StartupError {
  if (error instanceof StartupError) return wasPort(error) ? toStartupError(error.cause, settingOf) : error;
  if (!(error instanceof Error)) return new StartupError('START_FAILED', String(error));
  const { code, port, address, path, syscall, message } = error as SystemError;
  if (port !== undefined && (syscall === 'listen' || syscall === 'bind' || code === 'EADDRINUSE')) {
    const where = address && address !== '::' && address !== '0.0.0.0' ? `Port ${port} on ${address}` : `Port ${port}`;
    const setting = settingOf(port);
    const change = setting ? `choose another with ${setting}` : 'choose another port';
    if (code === 'EADDRINUSE') {
      return new StartupError(
        'PORT_IN_USE',
        `${where} is already in use. Stop the program that listens there, or ${change}.`,
        { cause: error },
      );
    }
    if (code === 'EACCES') {
      return new StartupError(
        'PORT_FORBIDDEN',
        `${where} may not be opened by this user. Ports below 1024 need a privilege: ${change}.`,
        { cause: error },
      );
    }
    return new StartupError(
      'ADDRESS_UNAVAILABLE',
      `${where} can't be opened (${code}). Check the host setting: it must be an address of this machine.`,
      { cause: error },
    );
  }
  if (path && (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')) {
    return new StartupError(
      'FOLDER_FORBIDDEN',
      `No permission for ${path} (${code}). Give this user access to it, or choose another folder.`,
      { cause: error },
    );
  }
  return new StartupError('START_FAILED', oneLine(message), { cause: error });
}

/** Whether it was made of a failed listen, maybe by someone who didn't know the settings. */
function wasPort({ cause }: StartupError): boolean {
  return cause instanceof Error && (cause as SystemError).port !== undefined;
}

/** An error's text on one line: what comes after the first line break is joined by spaces. */
export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
