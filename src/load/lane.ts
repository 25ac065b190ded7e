import { setImmediate as nextIteration } from 'node:timers/promises';
import { createProbe, type Driver, NOTHING_FOUND, type Outcome, type Probe } from '../drivers/drivers.ts';
import type { OperationStream, Plan, PlannedOperation, Turn } from '../plan/plan.ts';
import {
  BreakdownRecorder,
  type SecondRow,
  type ThreadLoad,
  TurnRecorder,
  type TurnRecording,
  WindowRecorder,
} from '../recording/recording.ts';
import type { Clock } from '../std/clock.ts';
import { type Arm, eventBoundaries_ns, keepsConnections } from '../workload/workload.ts';
import type { Pacer } from './pacer.ts';
import { isSampled } from './sample.ts';
import { type Flight, Slots } from './slots.ts';
import { Users, type UsersTurn } from './users.ts';

/** How long operations may take after a turn's end before they are abandoned. */
const DRAIN_NS = 10e9;
/**
 * Operations due before a turn's end are still started this long after it. A stall of the machine there makes them
 * late, which their lag tells; only a lane that stays behind leaves some unissued.
 */
const LATE_START_NS = 1e9;
/** Operations started in a row before the event loop gets to read answers. */
const BURST = 64;
/** Seconds handed out at a time: as they are over, for whoever watches. */
const SECONDS_AT_ONCE = 1;

export interface LaneOptions {
  arm: Arm;
  plan: Plan;
  lane: number;
  lanes: number;
  driver: Driver;
  clock: Clock;
  pacer: Pacer;
  /** True once the run is to stop. */
  stopped: () => boolean;
  /** CPU of this thread since any fixed moment; null where the runtime can't tell. */
  cpu_us: () => number | null;
  /** How this thread has fared since the last call. */
  threadLoad: () => ThreadLoad;
  /** Takes the seconds of a long turn while it goes on; they are not in its recording then. */
  onSeconds?: (seconds: SecondRow[]) => void;
}

/** One lane's share of one arm: starts operations when they are due and records how they went. Knows no threads. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #stream: OperationStream | undefined;
  readonly #slots: Slots | undefined;
  readonly #recorder = new TurnRecorder();
  /** Operations admitted and not settled: waiting for a slot, or in flight. */
  readonly #pending = new Set<Flight>();
  /** Of a closed loop. */
  readonly #users: Users | undefined;
  /** Records of a trace that are played by the end of the turn, in a closed loop. */
  #replayed = 0;
  /** When an operation of a closed loop was last taken up or done. */
  #moved_ns = 0;
  /** Where the arm's time line has its zero, on the lane's clock. */
  #origin_ns = 0;
  #onSettled: (() => void) | undefined;
  /** When the pacer wakes whoever waits for an operation to settle. */
  #alarm_ns = Number.POSITIVE_INFINITY;

  constructor(options: LaneOptions) {
    const { arm, plan, lane, lanes } = options;
    this.#options = options;
    const { measures } = options.driver;
    if (measures !== undefined) this.#recorder.breakdown = new BreakdownRecorder(measures);
    if (arm.events.length > 0) this.#recorder.windows = new WindowRecorder(eventBoundaries_ns(arm.events));
    const { arrivals, trace } = arm;
    if (arrivals.loop === 'open' || trace) this.#stream = plan.stream(lane, lanes);
    if (arrivals.loop === 'closed') this.#users = usersOf(arrivals.concurrency, options);
    if (keepsConnections(arm) && !options.driver.pools) this.#slots = new Slots(arm.connections.perCaller);
  }

  /** Opens the connections, and on each that is kept reads one item of each table, so that its cache slot is warm. */
  async setUp(): Promise<TurnRecording> {
    const { driver, clock, arm, lane, lanes } = this.#options;
    await driver.open();
    const start_ns = clock.now_ns();
    this.#begin(start_ns, 0, false);
    const touches: Promise<void>[] = [];
    for (let caller = lane; keepsConnections(arm) && caller < arm.callers; caller += lanes) {
      for (let connection = 0; connection < arm.connections.perCaller; connection++) {
        for (let table = 0; table < arm.table.count; table++) {
          const touch = {
            index: -1,
            due_ns: 0,
            bytes: 0,
            length: 0,
            kind: 'get',
            key: table,
            table,
          } as const;
          touches.push(this.#perform({ ...touch, caller, connection }));
        }
      }
    }
    await Promise.all(touches);
    return this.#finish(0, 0);
  }

  /** Plays one turn; `start_ns` is when it begins, on the lane's clock. */
  async play(turn: Turn, start_ns: number): Promise<TurnRecording> {
    const { cpu_us, clock, pacer, stopped, threadLoad } = this.#options;
    const { from_ns, to_ns, operations } = turn;
    const duration_ns = to_ns === null ? 0 : to_ns - from_ns;
    const end_ns = to_ns === null ? Number.POSITIVE_INFINITY : start_ns + duration_ns;
    await this.#until(start_ns);
    const before = { cpu_us: cpu_us(), pacing_us: pacer.cpu_us() };
    threadLoad();
    this.#begin(start_ns, duration_ns, turn.measured, start_ns - from_ns);
    let ended = false;
    if (this.#users) ended = await this.#playClosed(this.#users, { start_ns, operations }, end_ns);
    else await this.#playOpen(to_ns!);
    if (stopped() || ended || to_ns === null) this.#recorder.cut(Math.min(clock.now_ns(), end_ns));
    await this.#drain((to_ns === null ? clock.now_ns() : end_ns) + DRAIN_NS);
    return this.#finish(gained(before.cpu_us, cpu_us()), gained(before.pacing_us, pacer.cpu_us()));
  }

  close(): Promise<void> {
    return this.#options.driver.close();
  }

  async #playOpen(to_ns: number): Promise<void> {
    const { clock, pacer, arm, stopped } = this.#options;
    const stream = this.#stream!;
    const lastStart_ns = this.#origin_ns + to_ns + LATE_START_NS;
    for (let started = 0; !stopped(); ) {
      const operation = stream.peek();
      if (operation === undefined || operation.due_ns >= to_ns) return;
      const due_ns = this.#origin_ns + operation.due_ns;
      const now_ns = clock.now_ns();
      if (now_ns >= lastStart_ns) {
        this.#passOver(skip(stream, to_ns));
        return;
      }
      if (now_ns < due_ns) {
        await pacer.wait(due_ns);
      } else if (this.#pending.size >= arm.connections.maxInFlight) {
        await this.#untilSettled(lastStart_ns);
      } else {
        this.#admit({ ...operation }, due_ns);
        stream.next();
        if (++started % BURST === 0) await nextIteration();
      }
    }
  }

  /** True when everything was done before the end, if it has one. */
  async #playClosed(users: Users, turn: UsersTurn, end_ns: number): Promise<boolean> {
    const { arm, clock, stopped } = this.#options;
    // Without an end, a driver that never answers would hold the turn for ever.
    const patience_ns =
      turn.operations === undefined ? Number.POSITIVE_INFINITY : arm.connections.timeout_ms * 1e6 + DRAIN_NS;
    // A trace's turn is so many of its records, whoever they belong to: its users stop where it does.
    this.#replayed += turn.operations ?? Number.POSITIVE_INFINITY;
    users.begin(this.#stream ? { start_ns: turn.start_ns } : turn);
    this.#moved_ns = turn.start_ns;
    for (let started = 0; !stopped(); ) {
      const now_ns = clock.now_ns();
      if (users.due_ns <= now_ns && users.due_ns < end_ns && now_ns < end_ns + LATE_START_NS) {
        this.#letBegin(users);
        if (++started % BURST === 0) await nextIteration();
        continue;
      }
      if (users.left === 0 && this.#pending.size === 0) return true;
      const wake_ns = Math.min(users.due_ns, end_ns, this.#moved_ns + patience_ns);
      if (now_ns >= wake_ns) {
        this.#passOver(users.left < Number.POSITIVE_INFINITY ? users.left : users.dueBefore(end_ns));
        return false;
      }
      await this.#untilSettled(wake_ns);
    }
    return false;
  }

  #letBegin(users: Users): void {
    const { plan, clock } = this.#options;
    const { user, index, due_ns } = users.take();
    const operation = this.#stream ? this.#nextReplayed(this.#stream) : plan.operationAt(index);
    if (operation === undefined) users.end();
    else this.#admit({ ...operation }, due_ns, () => users.answered(user, clock.now_ns()));
  }

  #nextReplayed(stream: OperationStream): PlannedOperation | undefined {
    const operation = stream.peek();
    return operation !== undefined && operation.index < this.#replayed ? stream.next() : undefined;
  }

  /** An operation that is due now. */
  #perform(operation: PlannedOperation): Promise<void> {
    return new Promise((settled) => this.#admit({ ...operation }, this.#options.clock.now_ns(), settled));
  }

  /** Takes an operation that is due; starts it, or has it wait for its slot. */
  #admit(operation: PlannedOperation, due_ns: number, settled?: () => void): void {
    const now_ns = this.#options.clock.now_ns();
    const flight: Flight = { operation, due_ns, lag_ns: now_ns - due_ns, start_ns: Number.NaN, settled };
    this.#moved_ns = now_ns;
    this.#recorder.due();
    this.#recorder.started(due_ns, now_ns);
    this.#pending.add(flight);
    if (this.#slots === undefined || this.#slots.take(flight)) this.#start(flight);
  }

  #start(flight: Flight): void {
    flight.start_ns = this.#options.clock.now_ns();
    // A driver must not throw; should one do so, its operation has failed and the others go on.
    const thrown = (error: unknown): void => this.#end(flight, error instanceof Error ? error.name : 'Error');
    let outcome: Promise<Outcome> | Outcome;
    try {
      const { index } = flight.operation;
      if (this.#recorder.breakdown !== undefined && isSampled(index)) flight.probe = createProbe();
      outcome = this.#options.driver.perform(flight.operation, flight.probe);
    } catch (error) {
      thrown(error);
      return;
    }
    if (outcome instanceof Promise) void outcome.then((ended) => this.#end(flight, ended), thrown);
    else this.#end(flight, outcome);
  }

  #end(flight: Flight, outcome: Outcome): void {
    // An abandoned operation's late answer belongs to nobody.
    if (!this.#pending.delete(flight)) return;
    const { arm, clock } = this.#options;
    const end_ns = clock.now_ns();
    this.#moved_ns = end_ns;
    const { operation, due_ns, start_ns, lag_ns } = flight;
    if (outcome === undefined) {
      this.#recorder.completed(operation.kind, due_ns, start_ns, end_ns, this.#secondOf(due_ns), lag_ns);
      this.#recorder.windows?.completed(due_ns - this.#origin_ns, end_ns - this.#origin_ns);
      if (flight.probe) this.#explain(flight, flight.probe, end_ns - due_ns);
    } else if (outcome === NOTHING_FOUND)
      this.#recorder.foundNothing(operation.kind, operation.key >= arm.table.items, due_ns + lag_ns, end_ns);
    else this.#failed(flight, outcome, end_ns);
    this.#handOutSeconds();
    flight.settled?.();
    this.#onSettled?.();
    const next = this.#slots?.release(flight);
    if (next) this.#start(next);
  }

  #failed({ operation, due_ns }: Flight, code: string, end_ns: number): void {
    this.#recorder.failed(operation.kind, code, end_ns, this.#secondOf(due_ns));
    this.#recorder.windows?.failed(due_ns - this.#origin_ns, end_ns - this.#origin_ns);
  }

  /** Of the arm's time line. */
  #secondOf(due_ns: number): number {
    return Math.floor((due_ns - this.#origin_ns) / 1e9);
  }

  #explain({ due_ns, start_ns, lag_ns }: Flight, probe: Probe, response_ns: number): void {
    const queue_ns = start_ns - due_ns - lag_ns + probe.queue_ns;
    const { connect_ns, kms_ns, crypto_ns, storage_ns, server_other_ns, wire_ns } = probe;
    const parts = {
      connect: connect_ns,
      kms: kms_ns,
      crypto: crypto_ns,
      storage: storage_ns,
      server_other: server_other_ns,
      wire: wire_ns,
    };
    this.#recorder.breakdown!.add({ response_ns, lag_ns, queue_ns, parts });
  }

  /** Operations that were due and can't be started any more. */
  #passOver(count: number): void {
    this.#recorder.due(count);
    this.#recorder.unissued(count);
  }

  /** Lets what is pending finish; what doesn't by the deadline is abandoned, or was never issued. */
  async #drain(deadline_ns: number): Promise<void> {
    const { clock, driver } = this.#options;
    while (this.#pending.size > 0 && clock.now_ns() < deadline_ns) await this.#untilSettled(deadline_ns);
    const now_ns = clock.now_ns();
    for (const flight of this.#pending) {
      if (Number.isNaN(flight.start_ns)) this.#recorder.withdrawn(now_ns);
      else this.#failed(flight, 'Abandoned', now_ns);
    }
    if (this.#pending.size > 0) driver.abandon();
    this.#pending.clear();
    this.#slots?.clear();
  }

  /** A pacer may wake early. */
  async #until(moment_ns: number): Promise<void> {
    const { clock, pacer, stopped } = this.#options;
    while (!stopped() && clock.now_ns() < moment_ns) await pacer.wait(moment_ns);
  }

  /** Waits until an operation settles, or until the deadline; may return early. */
  async #untilSettled(deadline_ns: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onSettled = resolve;
      // One alarm for all: each operation's own would stay until the deadline, and a long overload is millions of them.
      if (this.#alarm_ns <= deadline_ns) return;
      this.#alarm_ns = deadline_ns;
      void this.#options.pacer.wait(deadline_ns).then(() => {
        this.#alarm_ns = Number.POSITIVE_INFINITY;
        this.#onSettled?.();
      });
    });
    this.#onSettled = undefined;
  }

  #handOutSeconds(): void {
    const { onSeconds } = this.#options;
    if (!onSeconds) return;
    const seconds = this.#recorder.takeSeconds(SECONDS_AT_ONCE);
    if (seconds.length > 0) onSeconds(seconds);
  }

  #begin(now_ns: number, duration_ns: number, measured: boolean, origin_ns = now_ns): void {
    this.#origin_ns = origin_ns;
    this.#recorder.begin({ now_ns, duration_ns, measured });
  }

  #finish(cpu_us: number | null, pacing_cpu_us: number | null): TurnRecording {
    const { driver, clock, threadLoad } = this.#options;
    this.#recorder.connections = driver.takeCounters();
    return this.#recorder.finish(clock.now_ns(), cpu_us, [threadLoad()], pacing_cpu_us);
  }
}

/** A user belongs to the lane of its caller; one that replays a trace has none of its own. */
function usersOf(concurrency: number, { arm, plan, lane, lanes }: LaneOptions): Users {
  const laneOf = (user: number) => (arm.trace ? user : plan.operationAt(user).caller) % lanes;
  const own = Array.from({ length: concurrency }, (_, user) => user).filter((user) => laneOf(user) === lane);
  return new Users({ concurrency, think: plan.think, own });
}

/** How many operations are due before a moment: the stream goes on after them. */
function skip(stream: OperationStream, to_ns: number): number {
  let skipped = 0;
  for (let next = stream.peek(); next !== undefined && next.due_ns < to_ns; next = stream.peek()) {
    stream.next();
    skipped++;
  }
  return skipped;
}

function gained(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before;
}
