import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { tryStream } from '../testing/try-stream.ts';

/** A stream that was decoded wrongly once, refused wrongly, or took too much: found by fuzzing, reviewing or other implementations. */
interface Finding {
  readonly name: string;
  /** In base64. */
  readonly stream: string;
  /** What it has to come to. */
  readonly refused?: string;
  readonly rows?: number;
}

const findings = JSON.parse(
  readFileSync(new URL('../../testdata/findings.json', import.meta.url), 'utf8'),
) as Finding[];

it.each(findings.map((finding) => [finding.name, finding] as const))('%s', (_, { stream, refused, rows }) => {
  expect(tryStream(Buffer.from(stream, 'base64'))).toEqual(refused === undefined ? { rows } : { refused });
});
