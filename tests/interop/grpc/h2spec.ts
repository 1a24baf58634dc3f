import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Where Node's HTTP/2 (nghttp2) or one port for two protocols differs from RFC 7540, as h2spec has it.
const knownDeviations: Readonly<Record<string, string>> = {
  'Sends invalid connection preface': 'taken for HTTP/1.1, answered 400, and closed',
  'Sends a large size HEADERS frame that exceeds the SETTINGS_MAX_FRAME_SIZE':
    'h2spec sends 16 KiB, which the announced limit allows',
  'closed: Sends a DATA frame after sending RST_STREAM frame':
    'nghttp2 ignores frames of streams that it has forgotten',
  'closed: Sends a HEADERS frame after sending RST_STREAM frame':
    'nghttp2 ignores frames of streams that it has forgotten',
  'half closed (remote): Sends a DATA frame': 'nghttp2 ignores it where the answer has ended the stream by then',
  'half closed (remote): Sends a HEADERS frame': 'nghttp2 ignores it where the answer has ended the stream by then',
  'closed: Sends a DATA frame': 'nghttp2 ignores frames of streams that it has forgotten',
  'closed: Sends a HEADERS frame': 'nghttp2 ignores frames of streams that it has forgotten',
  'Sends stream identifier that is numerically smaller than previous': 'nghttp2 ignores such a stream',
  'Sends PRIORITY frame that depend on itself': 'RFC 9113 has no priorities any more; nghttp2 ignores the frame',
  'Sends HEADERS frame that depend on itself': 'RFC 9113 has no priorities any more; nghttp2 ignores the field',
  'Sends a PRIORITY frame with 0x0 stream identifier': 'RFC 9113 has no priorities any more; nghttp2 ignores the frame',
  'Sends a PING frame with ACK': 'Node closes the connection at an answer to no ping',
  'Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream':
    'Node closes the connection',
};

/** Runs h2spec's test cases of HTTP/2, HPACK and their generic use; throws where one fails that isn't known. */
export async function runH2spec(h2spec: string, port: number): Promise<{ passed: number; known: string[] }> {
  const report = join(tmpdir(), `h2spec-${process.pid}-${port}.xml`);
  try {
    // Its exit code is that of the known failures too.
    await new Promise((resolve) =>
      execFile(h2spec, ['-h', '127.0.0.1', '-p', String(port), '-o', '3', '-j', report], { timeout: 300_000 }, resolve),
    );
    return judge(readCases(await readFile(report, 'utf8')));
  } finally {
    await rm(report, { force: true });
  }
}

interface Case {
  readonly name: string;
  readonly failed: boolean;
}

function readCases(xml: string): Case[] {
  const cases = [...xml.matchAll(/<testcase ([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)];
  if (cases.length < 100) throw new Error(`h2spec ran ${cases.length} cases only`);
  return cases.map(([, attributes, , body]) => ({
    name: plainText(/classname="([^"]*)"/.exec(attributes!)?.[1] ?? ''),
    failed: /<(failure|error)/.test(body ?? ''),
  }));
}

function judge(cases: readonly Case[]): { passed: number; known: string[] } {
  const failed = cases.filter((each) => each.failed).map(({ name }) => name);
  const unknown = failed.filter((name) => !(name in knownDeviations));
  if (unknown.length > 0) throw new Error(`h2spec failed where it is not known to:\n${unknown.join('\n')}`);
  return { passed: cases.length - failed.length, known: failed.map((name) => `${name}: ${knownDeviations[name]}`) };
}

function plainText(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
