/**
 * What becomes of a table as its KMS keys come and go, said as simply as it can be: every round is taken, one after the
 * other, by a single process that never restarts. `undefined` is DynamoDB's own key, which nobody can take away.
 */
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
export const KEY_CHANGE_MS = 22_000;
const ROUND_MS = 8 * MINUTE_MS;

export type KeyName = 'A' | 'B' | undefined;
export type Event = 'key-inaccessible' | 'key-accessible' | 'table-archived';

export class KeyState {
  state: 'Enabled' | 'Disabled' | 'PendingDeletion' = 'Enabled';
  /** DynamoDB has its grant. */
  granted = false;
  deletedAt_ms = Number.POSITIVE_INFINITY;

  /** By a user who may do everything. */
  get opens(): boolean {
    return this.state === 'Enabled';
  }

  /** By DynamoDB itself. */
  get usable(): boolean {
    return this.opens && this.granted;
  }
}

export class KeyModel {
  readonly keys = { A: new KeyState(), B: new KeyState() };
  readonly told: Event[] = [];
  current: KeyName = 'A';
  change: { to: KeyName; shown_ms: number; due_ms: number } | undefined;
  loss: 'none' | 'suspected' | 'inaccessible' | 'archived' = 'none';
  now_ms = 0;
  #lossSince_ms = 0;
  #looked_ms = 0;
  #changes_ms: number[] = [];

  constructor() {
    this.keys.A.granted = true;
  }

  get status(): string {
    if (this.loss === 'inaccessible') return 'INACCESSIBLE_ENCRYPTION_CREDENTIALS';
    return this.loss === 'archived' ? 'ARCHIVED' : 'ACTIVE';
  }

  /** The SSE description: its status, and the key that it shows. */
  get shown(): { status: string; key: KeyName } | undefined {
    const { change } = this;
    const key = change !== undefined && this.now_ms >= change.shown_ms ? change.to : this.current;
    if (change === undefined && key === undefined) return undefined;
    return { status: change === undefined ? 'ENABLED' : 'UPDATING', key };
  }

  /** Whether a user with nothing in a key cache reads the item. */
  get opens(): boolean {
    if (this.loss === 'archived') return false;
    if (this.current === undefined) return true;
    const key = this.keys[this.current];
    return this.loss === 'inaccessible' ? key.usable : key.opens;
  }

  /** @returns whether the change is accepted */
  startChange(to: KeyName): boolean {
    const isFine =
      this.change === undefined &&
      this.loss !== 'archived' &&
      this.#mayChange() &&
      this.#isUsable(this.current) &&
      to !== this.current &&
      (to === undefined || this.keys[to].opens);
    if (!isFine) return false;
    const [first_ms = this.now_ms] = this.#changes_ms;
    if (this.now_ms >= first_ms + DAY_MS) this.#changes_ms = [];
    this.#changes_ms.push(this.now_ms);
    if (to !== undefined) this.keys[to].granted = true;
    const shown_ms = this.now_ms + KEY_CHANGE_MS * 0.4;
    this.change = { to, shown_ms, due_ms: this.now_ms + KEY_CHANGE_MS };
    return true;
  }

  #mayChange(): boolean {
    const { now_ms } = this;
    const [first_ms] = this.#changes_ms;
    if (first_ms === undefined || now_ms >= first_ms + DAY_MS || this.#changes_ms.length < 4) return true;
    return now_ms >= this.#changes_ms.at(-1)! + DAY_MS / 4;
  }

  #isUsable(name: KeyName): boolean {
    return name === undefined || this.keys[name].usable;
  }

  advance(duration_ms: number): void {
    const end_ms = this.now_ms + duration_ms;
    for (;;) {
      const next_ms = Math.min(this.change?.due_ms ?? Number.POSITIVE_INFINITY, this.#nextLook_ms());
      if (next_ms > end_ms) break;
      this.now_ms = Math.max(this.now_ms, next_ms);
      if (this.change !== undefined && this.change.due_ms <= this.now_ms) this.#endChange(end_ms);
      if (this.#nextLook_ms() <= this.now_ms) this.#look();
    }
    this.now_ms = end_ms;
  }

  /** @param quietUntil_ms a key that refuses itself is not tried again before somebody can have done something */
  #endChange(quietUntil_ms: number): void {
    const { change } = this;
    if (change === undefined) return;
    if (!this.#isUsable(this.current)) {
      change.due_ms = Math.max(this.now_ms + MINUTE_MS, quietUntil_ms);
      return;
    }
    this.change = undefined;
    if (this.#isUsable(change.to)) this.current = change.to;
  }

  #nextLook_ms(): number {
    const round_ms = ROUND_MS * (Math.floor(this.#looked_ms / ROUND_MS) + 1);
    switch (this.loss) {
      case 'none':
        return this.current === undefined ? Number.POSITIVE_INFINITY : round_ms;
      case 'suspected':
        return this.#lossSince_ms + 12 * MINUTE_MS;
      case 'inaccessible':
        return Math.min(round_ms, this.#lossSince_ms + 7 * DAY_MS);
      case 'archived':
        return Number.POSITIVE_INFINITY;
    }
  }

  #look(): void {
    this.#looked_ms = this.now_ms;
    if (this.#isUsable(this.current)) {
      if (this.loss === 'inaccessible') this.told.push('key-accessible');
      this.loss = 'none';
    } else if (this.loss === 'none') {
      this.loss = 'suspected';
      this.#lossSince_ms = this.now_ms;
    } else if (this.loss === 'suspected') {
      this.loss = 'inaccessible';
      this.#lossSince_ms = this.now_ms;
      this.told.push('key-inaccessible');
    } else if (this.now_ms >= this.#lossSince_ms + 7 * DAY_MS) {
      this.loss = 'archived';
      this.change = undefined;
      this.told.push('table-archived');
    }
  }
}
