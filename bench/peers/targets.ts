import { format } from '../../src/report/report.ts';
import type { Finding, Ratio } from './types.ts';

/** What a line says before it is held against its target. */
export type Figures = Pick<Finding, 'what' | 'ours' | 'peer'>;

/** A ratio that should be large. */
export function atLeast(bound: number, ratio: Ratio, figures: Figures): Finding {
  return { ...figures, ratio, target: `≥ ${format.ratio(bound)}`, met: ratio.ratio >= bound };
}

/** A ratio that should be small. */
export function atMost(bound: number, ratio: Ratio, figures: Figures): Finding {
  return { ...figures, ratio, target: `≤ ${format.ratio(bound)}`, met: ratio.ratio <= bound };
}

/** A ratio that explains another one. */
export function beside(ratio: Ratio, figures: Figures): Finding {
  return { ...figures, ratio, target: '', met: null };
}

/** A duration with a bound of our own. */
export function below(bound_ns: number, value_ns: number, what: string): Finding {
  const [ours, target] = [format.duration(value_ns), `< ${format.duration(bound_ns)}`];
  return { what, ours, peer: '', ratio: null, target, met: value_ns < bound_ns };
}
