import { createLives, type Lives } from '../plan/plan.ts';
import type { DriverOptions } from './types.ts';

/** Which operation is the last one of its connection, where connections are kept. Slots are caller × perCaller + connection. */
export class Lifetimes {
  readonly #lives: Lives;
  /** Connections that a slot has had. */
  readonly #opened = new Map<number, number>();
  /** Operations that its connection may still carry. */
  readonly #left = new Map<number, number>();

  constructor({ arm, seed }: Pick<DriverOptions, 'arm' | 'seed'>) {
    this.#lives = createLives(arm, seed);
  }

  /** The slot has a new connection, whatever became of the one before. @returns its number: 0, 1, … */
  opened(slot: number): number {
    const life = this.#opened.get(slot) ?? 0;
    this.#opened.set(slot, life + 1);
    this.#left.set(slot, this.#lives(slot, life));
    return life;
  }

  /** An operation goes over the slot's connection. @returns whether none may follow it there */
  used(slot: number): boolean {
    const left = this.#left.get(slot)! - 1;
    this.#left.set(slot, left);
    return left === 0;
  }
}
