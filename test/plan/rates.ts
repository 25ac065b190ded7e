import fc from 'fast-check';
import type { RateShape } from '../../src/workload/types.ts';

/** The rate at a moment of a phase, per second, straight from what a shape means. */
export function rateAt(shape: RateShape, duration_ns: number, at_ns: number): number {
  switch (shape.kind) {
    case 'constant':
      return shape.rate_per_s;
    case 'ramp':
      return shape.from_per_s + (shape.to_per_s - shape.from_per_s) * (at_ns / duration_ns);
    case 'steps': {
      const { rates_per_s } = shape;
      const step = Math.floor((at_ns / duration_ns) * rates_per_s.length);
      return rates_per_s[Math.min(step, rates_per_s.length - 1)]!;
    }
    case 'spike': {
      const within = at_ns >= shape.at_ns && at_ns < shape.at_ns + shape.for_ns;
      return within ? shape.spike_per_s : shape.base_per_s;
    }
    case 'sine':
      return shape.mean_per_s + shape.amplitude_per_s * Math.sin((2 * Math.PI * at_ns) / shape.period_ns);
  }
}

const rate = fc.double({ min: 1, max: 5000, noNaN: true });
const rateOrNone = fc.oneof(fc.constant(0), rate);

/** Shapes that fit into a phase. */
export function shapes(duration_ns: number): fc.Arbitrary<RateShape> {
  const constant = rate.map((rate_per_s): RateShape => ({ kind: 'constant', rate_per_s }));
  const ramp = fc
    .tuple(rateOrNone, rate, fc.boolean())
    .map(([a, b, up]): RateShape => ({ kind: 'ramp', from_per_s: up ? a : b, to_per_s: up ? b : a }));
  const steps = fc
    .tuple(fc.array(rateOrNone, { maxLength: 6 }), rate, fc.array(rateOrNone, { maxLength: 6 }))
    .map(([before, some, after]): RateShape => ({ kind: 'steps', rates_per_s: [...before, some, ...after] }));
  const share = fc.double({ min: 0, max: 0.9, noNaN: true });
  const spike = fc
    .tuple(rateOrNone, rate, share, fc.double({ min: 0.01, max: 1, noNaN: true }))
    .map(([base_per_s, spike_per_s, at, length]): RateShape => {
      const at_ns = Math.round(at * duration_ns);
      const for_ns = Math.round(length * (duration_ns - at_ns));
      return { kind: 'spike', base_per_s, spike_per_s, at_ns, for_ns };
    });
  const sine = fc
    .tuple(rate, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0.05, max: 3, noNaN: true }))
    .map(([mean_per_s, depth, periods]): RateShape => {
      return {
        kind: 'sine',
        mean_per_s,
        amplitude_per_s: mean_per_s * depth,
        period_ns: duration_ns * periods,
      };
    });
  return fc.oneof(constant, ramp, steps, spike, sine);
}
