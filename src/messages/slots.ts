/** Lets so many pieces of work run at once; others wait for their turn, first come, first served. */
export class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes all that are free, without waiting; gives how many. Each must be given back. */
  takeFree(): number {
    const taken = this.#free;
    this.#free = 0;
    return taken;
  }

  giveBack(count: number): void {
    for (let given = 0; given < count; given += 1) {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next(); // the slot changes hands
    }
  }

  /** Runs `work` in a slot of its own, once one is free. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      this.giveBack(1);
    }
  }
}
