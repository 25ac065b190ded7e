import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PlainKeys } from '../../../../src/system/envelope/envelope.ts';
import {
  compareSequences,
  nextSequence,
  parseSequence,
  readSequence,
  SEQUENCE_BYTES,
  type SequenceNumber,
  sequenceText,
  writeSequence,
} from '../../../../src/system/store/streams/sequence.ts';
import {
  claimedIterator,
  iteratorText,
  openIterator,
} from '../../../../src/system/store/streams/shard-iterator.ts';
import { SHARD_MS, shardNamed, shardsOf } from '../../../../src/system/store/streams/shards.ts';

const time_ms = fc.integer({ min: 0, max: 9_999_999_999_999 });
const sequence: fc.Arbitrary<SequenceNumber> = fc.record({ ms: time_ms, count: fc.nat(99_999_999) });

function bytesOf(number: SequenceNumber): Buffer {
  const bytes = Buffer.alloc(SEQUENCE_BYTES);
  writeSequence(bytes, 0, number);
  return bytes;
}

it('sequence numbers order alike as numbers, as text and as bytes, and come back from both', () => {
  fc.assert(
    fc.property(sequence, sequence, (a, b) => {
      const order = Math.sign(compareSequences(a, b));
      const [x, y] = [sequenceText(a), sequenceText(b)];
      expect([x.length, y.length]).toEqual([21, 21]);
      expect(x < y ? -1 : x > y ? 1 : 0).toBe(order);
      expect(Buffer.compare(bytesOf(a), bytesOf(b))).toBe(order);
      expect(parseSequence(x)).toEqual(a);
      expect(readSequence(bytesOf(a), 0)).toEqual(a);
    }),
  );
});

it('sequence numbers grow whatever the clock does, and are never of an earlier time than it', () => {
  fc.assert(
    fc.property(
      fc.array(
        time_ms.map((ms) => ms + 0.25),
        { minLength: 2, maxLength: 30 },
      ),
      (times) => {
        let last: SequenceNumber | undefined;
        for (const now_ms of times) {
          const next = nextSequence(last, now_ms);
          if (last !== undefined) expect(compareSequences(last, next)).toBeLessThan(0);
          expect(next.ms).toBeGreaterThanOrEqual(Math.floor(now_ms));
          last = next;
        }
      },
    ),
  );
});

it('a millisecond with all its numbers given runs into the next', () => {
  expect(nextSequence({ ms: 5, count: 99_999_999 }, 3)).toEqual({ ms: 6, count: 0 });
});

it('shards leave no gap and share no number, from the start of a stream to its end, each with its parent', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1e12, max: 2e12 }),
      fc.integer({ min: 0, max: 30 * 3_600_000 }),
      fc.integer({ min: 0, max: 30 * 3_600_000 }),
      fc.boolean(),
      (start_ms, lived_ms, horizon_ms, ended) => {
        const start = { ms: start_ms, count: 7 };
        const head = nextSequence(start, start_ms + lived_ms);
        const span = { arn: 'arn', start, ...(ended ? { end: head } : {}) };
        const shards = shardsOf(span, head, start_ms + horizon_ms);
        const whole = shardsOf(span, head, 0);
        expect(whole[0]).toMatchObject({ first: start });
        expect(whole[0]!.parentId).toBeUndefined();
        for (const [i, shard] of whole.entries()) {
          if (i > 0) {
            expect(nextSequence(whole[i - 1]!.last, 0)).toEqual(shard.first);
            expect(shard.parentId).toBe(whole[i - 1]!.id);
          }
          const isLast = i === whole.length - 1;
          expect(shard.closed).toBe(!isLast || ended);
          expect(shard.last.ms - shard.first.ms).toBeLessThan(SHARD_MS);
          expect(shardNamed(span, shard.id, head)).toEqual(shard);
        }
        // Those whose every record is trimmed are left out, and no others.
        expect(shards).toEqual(
          whole.filter(({ closed, last }) => !closed || last.ms >= start_ms + horizon_ms),
        );
      },
    ),
  );
});

it('iterators come back as they were told, to the keys of their table alone', () => {
  const keys = new PlainKeys('one');
  const shardIterator = fc.record({
    issued_ms: time_ms,
    shardStart_ms: time_ms,
    from: sequence,
    exact: fc.boolean(),
  });
  fc.assert(
    fc.property(shardIterator, (told) => {
      const text = iteratorText(keys, 'arn:of:a/stream', told);
      const claimed = claimedIterator(text)!;
      expect(claimed.arn).toBe('arn:of:a/stream');
      expect(openIterator(keys, claimed)).toEqual(told);
      expect(openIterator(new PlainKeys('two'), claimed)).toBeUndefined();
      expect(openIterator(keys, { ...claimed, arn: 'arn:of:another' })).toBeUndefined();
      const changed = Buffer.from(claimed.sealed);
      changed[told.issued_ms % changed.length]! ^= 1;
      expect(openIterator(keys, { ...claimed, sealed: changed })).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(claimedIterator(text)).toBeUndefined();
    }),
  );
});
