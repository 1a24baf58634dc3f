import { describe, expect, it } from '@jest/globals';
import { nearestName } from './nearest-name.ts';

const names = ['logs', 'metrics_gauge', 'metrics_sum', 'traces'];

describe('nearestName', () => {
  it.each([
    ['tracez', 'traces'],
    ['TRACE', 'traces'],
    ['log', 'logs'],
    ['metric_gauge', 'metrics_gauge'],
    ['metrics_summ', 'metrics_sum'],
    ['something_else_entirely', undefined],
    ['', undefined],
  ])('%j means %j', (typed, meant) => {
    expect(nearestName(typed, names)).toBe(meant);
  });
});
