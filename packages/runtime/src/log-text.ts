import type { DestinationStream } from 'pino';

/** Turns JSON log lines into `12:00:01.123 INFO  acceptor  log recovered  records=12`. */
export function textDestination(target: DestinationStream): DestinationStream {
  return { write: (line) => target.write(toText(line)) };
}

function toText(line: string): string {
  const { level, time, name, component, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const words = [
    String(time).slice(11, 23),
    String(level).toUpperCase().padEnd(5),
    name,
    component === name ? undefined : component,
    msg,
  ];
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const stack = err
    ? `\n  ${String((err as { stack?: string; message?: string }).stack ?? JSON.stringify(err)).replaceAll('\n', '\n  ')}`
    : '';
  return `${[...words, ...rest].filter((word) => word !== undefined).join(' ')}${stack}\n`;
}
