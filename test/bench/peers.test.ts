import { describe, expect, it } from 'vitest';
import { measurePeers, QUICK } from '../../bench/peers/measure.ts';
import { replaceSection } from '../../bench/peers/readme.ts';
import { playRounds, ratioOf } from '../../bench/peers/rounds.ts';
import { formatFindings } from '../../bench/peers/table.ts';
import { atLeast, atMost, below } from '../../bench/peers/targets.ts';
import { createRandom } from '../../src/std/random.ts';

describe('the comparison with peers', () => {
  it('measures every part beside its peer', async () => {
    const findings = await measurePeers(QUICK);
    for (const { ratio, peer } of findings.filter((finding) => finding.peer !== '')) {
      expect(ratio!.ratio, peer).toBeGreaterThan(0);
      expect(ratio!.ratio, peer).toBeLessThan(Number.POSITIVE_INFINITY);
    }
    const targets = findings.map(({ target }) => target).filter((target) => target !== '');
    expect(targets).toEqual([
      '≥ 100×',
      '≥ 0.700×',
      '< 100 ns',
      '< 1.00 µs',
      '≥ 2.00×',
      '≥ 1.50×',
      '≥ 1.00×',
      '≤ 1.00×',
    ]);
    const lines = formatFindings(findings).split('\n');
    expect(lines).toHaveLength(findings.length + 2);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });

  it('gives everybody two turns a round, in an order and its reverse', async () => {
    const played: string[] = [];
    const player = (name: string) => async (turn_ms: number) => {
      played.push(name);
      return { turn_ms };
    };
    const players = { a: player('a'), b: player('b'), c: player('c') };
    const rounds = { rounds: 20, turn_ms: 5, warmUp_ms: 100 };
    const turns = await playRounds(players, rounds, createRandom(1));
    expect(turns.a).toEqual(Array.from({ length: 20 }, () => ({ turn_ms: 10 })));
    expect(played.splice(0, 3)).toEqual(['a', 'b', 'c']);
    const orders = Array.from({ length: 20 }, (_, round) => played.slice(6 * round, 6 * round + 6));
    for (const order of orders) expect(order.toReversed()).toEqual(order);
    expect(new Set(orders.map((order) => order.join(''))).size).toBeGreaterThan(1);
  });

  it('puts ours over the peer’s', () => {
    const [ours, peer] = [
      [{ n: 20 }, { n: 40 }],
      [{ n: 10 }, { n: 20 }],
    ];
    const ratio = ratioOf(ours!, peer!, ({ n }) => n);
    expect(ratio.ratio).toBeCloseTo(2, 12);
  });

  it.each([
    [atLeast(2, { ratio: 2, low: 1, high: 3 }, { what: '', ours: '', peer: '' }), true],
    [atLeast(2, { ratio: 1.99, low: 1, high: 3 }, { what: '', ours: '', peer: '' }), false],
    [atMost(1.3, { ratio: 1.3, low: 1, high: 3 }, { what: '', ours: '', peer: '' }), true],
    [atMost(1.3, { ratio: 1.31, low: 1, high: 3 }, { what: '', ours: '', peer: '' }), false],
    [below(100, 99, ''), true],
    [below(100, 100, ''), false],
  ])('says whether a target is met', ({ met }, expected) => {
    expect(met).toBe(expected);
  });

  it('replaces its own section of the README and nothing else', () => {
    const readme = 'a\n<!-- peers:begin -->\nold\n<!-- peers:end -->\nb\n';
    const once = replaceSection(readme, 'new');
    expect(once).toBe('a\n<!-- peers:begin -->\nnew\n<!-- peers:end -->\nb\n');
    expect(replaceSection(once, 'new')).toBe(once);
    expect(() => replaceSection('a', 'new')).toThrow('README.md');
  });
});
