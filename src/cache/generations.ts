/** More subjects than this are forgotten together; they then count as changed. */
const MAXIMUM_SUBJECTS = 10_000;

/**
 * How often a subject was changed, as far as this process was told: the version of what was computed about it. A number is never
 * given twice for different states of a subject.
 */
export class Generations {
  readonly #numbers = new Map<string, number>();
  #last = 0;
  #floor = 0;

  of(subject: string): string {
    return String(this.#numbers.get(subject) ?? this.#floor);
  }

  changed(subject: string): void {
    if (this.#numbers.size >= MAXIMUM_SUBJECTS) this.allChanged();
    this.#last += 1;
    this.#numbers.set(subject, this.#last);
  }

  allChanged(): void {
    this.#last += 1;
    this.#floor = this.#last;
    this.#numbers.clear();
  }
}
