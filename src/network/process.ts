/** The relay's process: told by its parent where to lead, gone when its parent is. */
import { answerParent } from '../std/child.ts';
import { TcpRelay } from './relay.ts';
import type { RelayOptions } from './types.ts';

let relay: TcpRelay | undefined;

// The parent decides when to stop: a Ctrl-C on the terminal reaches the whole process group.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.on('disconnect', () => process.exit());
answerParent({
  start: async (options: RelayOptions) => {
    relay = new TcpRelay(options);
    return relay.listen();
  },
  stop: async () => {
    await relay?.close();
    setImmediate(() => process.disconnect());
  },
});
