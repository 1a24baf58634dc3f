import { createHash } from 'node:crypto';

/**
 * Rendezvous hashing: of the candidates, the one that the key belongs to. Adding or removing a candidate moves only the keys that
 * it wins or had; all who know the same candidates agree, whatever their order.
 */
export function rendezvous<T>(key: string, candidates: readonly T[], idOf: (candidate: T) => string): T | undefined {
  let best: T | undefined;
  let bestScore: Buffer | undefined;
  for (const candidate of candidates) {
    const score = createHash('sha256').update(idOf(candidate)).update('\0').update(key).digest();
    if (!bestScore || score.compare(bestScore) > 0) [best, bestScore] = [candidate, score];
  }
  return best;
}
