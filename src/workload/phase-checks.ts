/** Phases that are impossible by themselves, or with the arrivals that go on in them. */
import type { Check } from './checks.ts';
import type { WrittenArm } from './schema.ts';
import type { Arm, Phase } from './types.ts';

type WrittenPhase = NonNullable<WrittenArm['phases']>[number];
type Finding = { what: string; remedy: string; field?: keyof WrittenPhase };

/** A check of each phase by itself. Reports the first that it finds, in its line. */
function ofEach(
  reads: readonly string[],
  find: (written: WrittenPhase, phase: Phase, arm: Arm) => Finding | false,
): Check {
  return {
    reads: ['phases', ...reads],
    find(arm, { phases = [] }) {
      for (const [index, written] of phases.entries()) {
        const found = find(written, arm.phases[index]!, arm);
        if (!found) continue;
        const { field, ...clash } = found;
        return { ...clash, at: field === undefined ? [index] : [index, field] };
      }
      return undefined;
    },
  };
}

const lengths: Check[] = [
  ofEach(
    [],
    (written) =>
      written.for === undefined &&
      written.count === undefined && {
        what: 'how long it lasts is missing.',
        remedy: "Give a time or a number of operations: 'for: 15s', or 'count: 10k'.",
      },
  ),
  ofEach(
    [],
    (written) =>
      written.for !== undefined &&
      written.count !== undefined && {
        field: 'count',
        what: "'for' says already how long the phase lasts.",
        remedy: 'Keep one of the two.',
      },
  ),
  ofEach(
    ['trace'],
    (written, _, { trace }) =>
      trace !== undefined &&
      trace.speed !== null &&
      written.count !== undefined && {
        field: 'count',
        what: 'at recorded times a phase lasts for a time.',
        remedy: "Use 'for', or 'trace.speed: max'.",
      },
  ),
  {
    reads: ['phases', 'arrivals.loop', 'trace'],
    find({ arrivals, phases }) {
      const measured = phases.filter((phase) => phase.measured);
      const byCount = measured.filter((phase) => phase.operations !== null).length;
      return (
        arrivals.loop === 'closed' &&
        byCount > 0 &&
        byCount < measured.length && {
          what: "some of a closed loop's measured phases go by time and some by count, and can't be cut into equal blocks.",
          remedy: "Give all of them 'for', or all of them 'count'.",
        }
      );
    },
  },
];

const rates: Check[] = [
  ofEach(
    ['arrivals.loop'],
    (written, _, { arrivals, trace }) =>
      trace === undefined &&
      arrivals.loop === 'closed' &&
      written.rate !== undefined && {
        field: 'rate',
        what: 'a closed loop has no rate: each user waits for its answer.',
        remedy: "Remove it, or use 'loop: open'.",
      },
  ),
  ofEach(
    ['arrivals.rate', 'arrivals.loop'],
    (written, { rate }) =>
      written.count !== undefined &&
      rate !== null &&
      rate.kind !== 'constant' && {
        field: 'count',
        what: 'a rate that changes needs a time to change over.',
        remedy: "Use 'for', or give the phase a constant rate: 'rate: 100/s'.",
      },
  ),
  ofEach(['arrivals.rate', 'arrivals.loop'], (written, { rate, duration_ns }) => {
    if (rate?.kind !== 'spike' || duration_ns === null) return false;
    const end_ns = rate.at_ns + rate.for_ns;
    return (
      end_ns > duration_ns && {
        field: written.rate === undefined ? undefined : 'rate',
        what: `the spike ends ${end_ns / 1e9} s into a phase of ${duration_ns / 1e9} s.`,
        remedy: "Lower 'at' or 'for' of the spike, or lengthen the phase.",
      }
    );
  }),
];

const measured: Check[] = [
  {
    reads: ['phases'],
    find: ({ phases }) =>
      !phases.some((phase) => phase.measured) && {
        what: 'there is no measured phase.',
        remedy: "Add one: 'phases: [ { name: steady, for: 15s } ]'.",
      },
  },
  {
    reads: ['phases'],
    find: ({ phases }) => {
      const late = phases.findIndex((phase, i) => i > 0 && !phase.measured && phases[i - 1]!.measured);
      return (
        late > 0 && {
          what: `'${phases[late]!.name}' is not measured and follows a measured phase.`,
          remedy: "Put phases with 'measured: false' first.",
        }
      );
    },
  },
];

export const PHASE_CHECKS: readonly Check[] = [...measured, ...lengths, ...rates];
