import { describe, expect, it } from '@jest/globals';
import { makeTraceRequests } from '../../bench/spans.ts';
import { planBlows } from './blows.ts';
import { findFaults } from './faults.ts';
import { createLedger, type RequestState } from './ledger.ts';
import { parseOptions } from './options.ts';

/** A ledger with requests of two spans each, in these states. */
function ledgerOf(...states: Exclude<RequestState, 'under way'>[]) {
  const ledger = createLedger();
  for (const body of makeTraceRequests({ requests: states.length, spansPerRequest: 2, seed: 5 })) {
    const request = ledger.send(body);
    ledger.settle(request, states[request.number]!);
  }
  return ledger;
}

const storedOf = (ledger: ReturnType<typeof ledgerOf>, counts: readonly number[]) =>
  new Map(
    ledger.requests
      .flatMap(({ spanIds }) => spanIds)
      .map((id, i) => [id, counts[i]!] as const)
      .filter(([, count]) => count > 0),
  );

describe('findFaults', () => {
  it.each([
    ['everything once', [1, 1, 1, 1], []],
    ['an unknown request that did not arrive', [1, 1, 0, 0], []],
    ['a lost request', [0, 0, 1, 1], [/2 of 2 spans are missing: request 0, .* acknowledged/]],
    ['a lost span', [1, 0, 1, 1], [/1 of 2 spans are missing: request 0/]],
    ['half of an unknown request', [1, 1, 1, 0], [/1 of 2 spans are missing: request 1, .* unknown/]],
    ['a doubled span', [2, 1, 1, 1], [/1 of 2 spans are stored more than once: request 0/]],
    ['a doubled unknown request', [1, 1, 2, 2], [/2 of 2 spans are stored more than once: request 1/]],
  ])('finds what is wrong with %s', (_what, counts, expected) => {
    const ledger = ledgerOf('acknowledged', 'unknown');
    const faults = findFaults(ledger, storedOf(ledger, counts));
    expect(faults).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });

  it('finds spans that nobody sent', () => {
    const ledger = ledgerOf('acknowledged');
    const stored = new Map([...storedOf(ledger, [1, 1]), ['00000000000000ff', 1]]);
    expect(findFaults(ledger, stored)).toEqual([expect.stringContaining('00000000000000ff')]);
  });
});

describe('the ledger', () => {
  it('counts what was acknowledged, and knows the traces', () => {
    const ledger = ledgerOf('acknowledged', 'unknown', 'acknowledged');
    expect(ledger).toMatchObject({ acknowledgedSpans: 4, acknowledgedRequests: 2, unknownRequests: 1, sentSpans: 6 });
    for (const request of ledger.requests) {
      expect([...request.traces.values()].reduce((a, b) => a + b)).toBe(2);
      for (const id of request.spanIds) expect(ledger.requestOf(id)).toBe(request);
    }
  });
});

describe('planBlows', () => {
  it('is the same for the same seed, and has as many kills as asked for', () => {
    const plan = planBlows(7, 50, ['writer', 'acceptor', 'flowctl']);
    expect(planBlows(7, 50, ['writer', 'acceptor', 'flowctl'])).toEqual(plan);
    expect(planBlows(8, 50, ['writer', 'acceptor', 'flowctl'])).not.toEqual(plan);
    expect(plan.filter(({ kind }) => kind === 'kill')).toHaveLength(50);
    expect(new Set(plan.flatMap(({ processes }) => processes)).size).toBe(3);
    expect(planBlows(7, 0, ['writer'])).toEqual([]);
  });
});

describe('parseOptions', () => {
  it('has defaults for all', () => {
    expect(parseOptions(['--seed', '3'])).toEqual({
      kills: 20,
      seed: 3,
      target: 'all',
      spansPerSecond: 2000,
      store: 'local',
      writers: 1,
      dir: undefined,
    });
  });

  it.each([
    [['--kills', '-1']],
    [['--kills', 'many']],
    [['--target', 'nobody']],
    [['--store', 'tape']],
    [['--rate', '0']],
    [['--no-such']],
  ])('refuses %j', (args) => {
    expect(() => parseOptions(args)).toThrow();
  });
});
