// What the launcher starts under the pinned Node: src/cli.ts, stopped as by SIGTERM when the launcher is gone.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel.unref();
import('../src/cli.ts');
