/** Drivers with something real to work on: the embedded system, or a socket that misbehaves. */
import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { createDriver, type Driver, type DriverOptions } from '../../src/drivers/drivers.ts';
import type { PlannedOperation } from '../../src/plan/plan.ts';
import { type ArmTestbed, openTestbed, type Testbed } from '../../src/testbed/testbed.ts';
import { type Arm, type OperationKind, parseWorkload } from '../../src/workload/workload.ts';

export const CALLERS = 2;
export const PER_CALLER = 2;

const BASE = `
name: drivers
callers: ${CALLERS}
table: { items: 10, itemBytes: 128 }
phases: [{ for: 2s }]
`;

const OPEN_LOOP = 'arrivals: { rate: 10/s }\n';

/** @param settings more lines of the workload */
export function armOf(settings: string): Arm {
  const arrivals = settings.includes('arrivals:') ? '' : OPEN_LOOP;
  return parseWorkload(BASE + arrivals + settings, 'drivers.yaml').arms[0]!;
}

export interface Bed {
  arm: Arm;
  testbed: Testbed;
  target: ArmTestbed;
}

/** The target of an arm, its clock running. Close its `testbed` after use. */
export async function openBed(settings: string): Promise<Bed> {
  const arm = armOf(settings);
  const testbed = await openTestbed([arm]);
  const target = testbed.arms[0]!;
  await target.resume();
  return { arm, testbed, target };
}

/** A driver with all of the arm's callers, closed when the test is over. */
export async function driverFor(arm: Arm, target: DriverOptions['target']): Promise<Driver> {
  const callers = Array.from({ length: arm.callers }, (_, caller) => caller);
  const driver = await createDriver({ arm, target, seed: 1, callers });
  onTestFinished(() => driver.close());
  driver.local?.resume();
  return driver;
}

export function operation(kind: OperationKind, fields: Partial<PlannedOperation> = {}): PlannedOperation {
  return {
    index: 0,
    due_ns: 0,
    caller: 0,
    connection: 0,
    key: 3,
    table: 0,
    bytes: 1024,
    length: kind === 'scan' ? 4 : 0,
    kind,
    ...fields,
  };
}

/** One operation for each connection there can be: what may be in flight at once. */
export function oneEach(kind: OperationKind): PlannedOperation[] {
  return Array.from({ length: CALLERS * PER_CALLER }, (_, index) =>
    operation(kind, {
      index,
      caller: Math.floor(index / PER_CALLER),
      connection: index % PER_CALLER,
      key: index,
    }),
  );
}

/** A server that does with its connections what it is told to. @returns its URL */
export async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address?.port}`;
}
