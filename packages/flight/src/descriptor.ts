/**
 * Names a flight, by a path or by a command that only the service understands.
 * https://arrow.apache.org/docs/format/Flight.html
 */
export type FlightDescriptor =
  | { readonly path: readonly string[]; readonly command?: undefined }
  | { readonly command: Uint8Array; readonly path?: undefined };

/** `pathDescriptor('log', 'a1')` names the flight at that path. */
export function pathDescriptor(...path: string[]): FlightDescriptor {
  return { path };
}

/** A descriptor with an opaque command; text is taken as UTF-8. */
export function commandDescriptor(command: Uint8Array | string): FlightDescriptor {
  return { command: typeof command === 'string' ? new TextEncoder().encode(command) : command };
}
