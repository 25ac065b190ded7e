import { workloadJsonSchema } from '../workload/workload.ts';
import { printData } from './output.ts';

/** Prints the workload file's JSON Schema. */
export function schema(): void {
  printData(JSON.stringify(workloadJsonSchema(), null, 2));
}
