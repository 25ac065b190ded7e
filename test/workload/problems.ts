import { expect } from 'vitest';
import { InputError } from '../../src/std/errors.ts';
import { parseWorkload, type WorkloadOverrides } from '../../src/workload/workload.ts';

/** A file that has nothing wrong with it; tests add lines from the fourth on. */
export const SOUND = 'name: sound\narrivals: { rate: 100/s }\nphases: [ { for: 15s } ]\n';

/** The problems that a text has, one line each. */
export function problemsOf(text: string, overrides: WorkloadOverrides = {}): string[] {
  try {
    parseWorkload(text, 'w.yaml', overrides);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).code).toBe('E_WORKLOAD');
    return (error as InputError).message.split('\n');
  }
  return [];
}
