/** Drivers perform a plan's operations on a target, one implementation a kind of target. */
import { AutocannonDriver } from './autocannon.ts';
import { EnvelopeDriver } from './envelope.ts';
import { HttpDriver } from './http.ts';
import { NoopDriver } from './noop.ts';
import { SdkDriver } from './sdk.ts';
import type { Driver, DriverOptions } from './types.ts';

export { type ItemShape, itemJson } from './requests.ts';
export * from './types.ts';

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
    default:
      throw new Error(`no driver '${options.arm.driver}' yet`);
  }
}
