import { inspect } from 'node:util';

const HIDDEN = '[secret]';

/**
 * A value that must not be written anywhere. Every way of turning it into text (string, JSON, inspection) gives `[secret]`;
 * `reveal()` is the one way to the value, so that a search for it shows every place that handles clear text.
 */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
