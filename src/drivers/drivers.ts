/** Drivers perform a plan's operations on a target, one implementation a kind of target. */

import type { Arm } from '../workload/workload.ts';
import { AutocannonDriver } from './autocannon.ts';
import { EnvelopeDriver } from './envelope.ts';
import { HttpDriver } from './http.ts';
import { ModuleDriver } from './module.ts';
import { loadDriverModule } from './module-load.ts';
import { NoopDriver } from './noop.ts';
import { SdkDriver } from './sdk.ts';
import type { Driver, DriverOptions } from './types.ts';

export { faultOfModule } from './module-load.ts';
export { type ItemShape, itemJson } from './requests.ts';
export * from './types.ts';

/** Loads the modules of users' own drivers, before anything is prepared for them. @throws InputError E_DRIVER */
export async function checkDriverModules(arms: readonly Arm[]): Promise<void> {
  for (const { module } of arms) if (module !== undefined) await loadDriverModule(module);
}

/** @throws InputError for a driver that can't work with its target, or a module that is no driver */
export async function createDriver(options: DriverOptions): Promise<Driver> {
  switch (options.arm.driver) {
    case 'http':
      return new HttpDriver(options);
    case 'envelope':
      return EnvelopeDriver.create(options);
    case 'sdk':
      return SdkDriver.create(options);
    case 'autocannon':
      return AutocannonDriver.create(options);
    case 'noop':
      return new NoopDriver();
    case 'module':
      return ModuleDriver.create(options);
  }
}
