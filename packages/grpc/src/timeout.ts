const unitsMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * The milliseconds of a `grpc-timeout` header (at most eight digits and a unit), or undefined where it isn't one.
 * Specification: PROTOCOL-HTTP2.md, Timeout.
 */
export function parseTimeoutMs(value: string): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(value);
  return match ? Number(match[1]) * unitsMs[match[2]!]! : undefined;
}
