/** How each part is made of a source; a part may use others. */
export type Makers<Parts, Source> = {
  readonly [Name in keyof Parts]: (source: Source, parts: Parts) => Parts[Name];
};

/** Objects whose parts are made when they are first asked for. For those with many parts of which hardly any is used. */
export const lazily = <Parts extends object, Source>(makers: Makers<Parts, Source>): ((source: Source) => Parts) => {
  class Lazy {
    readonly #source: Source;
    readonly #made: Partial<Parts> = {};

    constructor(source: Source) {
      this.#source = source;
    }

    static define<Name extends keyof Parts>(name: Name, make: Makers<Parts, Source>[Name]): void {
      Object.defineProperty(Lazy.prototype, name, {
        enumerable: true,
        get(this: Lazy & Parts): Parts[Name] {
          return (this.#made[name] ??= make(this.#source, this));
        },
      });
    }
  }
  for (const name of Object.keys(makers) as (keyof Parts)[]) Lazy.define(name, makers[name]);
  return (source) => new Lazy(source) as Lazy & Parts;
};
