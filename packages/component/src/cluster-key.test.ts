import { describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import { ClusterKey } from './cluster-key.ts';

const secret = 'a secret of thirty-two characters or more';
const tokenOf = (key: ClusterKey) => key.authorization()!.replace('Bearer ', '');

describe('the cluster’s key', () => {
  it('proves a caller to all who have it, and to nobody else', () => {
    const [ours, same, other] = [new ClusterKey(secret), new ClusterKey(secret), new ClusterKey(`${secret}!`)];
    expect(same.proves(tokenOf(ours))).toBe(true);
    expect(other.proves(tokenOf(ours))).toBe(false);
    expect(new ClusterKey().proves(tokenOf(ours))).toBe(false);
  });

  it('a proof ends, and is renewed before it does', () => {
    let nowMs = 1_000_000;
    const key = new ClusterKey(secret, { nowMs: () => nowMs });
    const first = tokenOf(key);
    nowMs += 59_000;
    expect(tokenOf(key)).toBe(first);
    nowMs += 2000;
    expect(tokenOf(key)).not.toBe(first);
    expect(key.proves(first)).toBe(true);
    nowMs += 300_000;
    expect(key.proves(first)).toBe(false);
  });

  it.each(['', 'cluster.', 'cluster.1', 'cluster.99999999999999.', 'cluster.99999999999999.AAAA', 'cluster.x.y.z'])(
    'is not proved by %j',
    (token) => expect(new ClusterKey(secret).proves(token)).toBe(false),
  );

  it('a proof for longer is none', () => {
    const key = new ClusterKey(secret);
    const [prefix, until, signature] = tokenOf(key).split('.');
    expect(key.proves(`${prefix}.${Number(until) + 1}.${signature}`)).toBe(false);
  });

  it('is learnt where it isn’t configured', () => {
    const [learning, configured] = [new ClusterKey(), new ClusterKey(secret)];
    expect([learning.known, learning.authorization()]).toEqual([false, undefined]);
    expect(() => learning.derive('x')).toThrow(expect.objectContaining({ code: Status.UNAVAILABLE }));
    for (const key of [learning, configured]) key.learn(Buffer.from('told'));
    expect(learning.derive('x')).toEqual(new ClusterKey('told').derive('x'));
    expect(configured.derive('x')).toEqual(new ClusterKey(secret).derive('x'));
    learning.learn(Buffer.from('another'));
    expect(learning.derive('x')).toEqual(new ClusterKey('another').derive('x'));
  });

  it('purposes have keys of their own', () => {
    const key = new ClusterKey(secret);
    expect(key.derive('a')).toHaveLength(32);
    expect(key.derive('a')).not.toEqual(key.derive('b'));
  });
});
