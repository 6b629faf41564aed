import { registerEnumType } from 'type-graphql';

type Described<T extends string> = Readonly<Record<T, string>>;

/** Gives a closed set of words its name and the description of each word. */
export const describe = <T extends string>(
  words: Readonly<Record<T, unknown>>,
  name: string,
  description: string,
  values: Described<T>,
) =>
  registerEnumType(words, {
    name,
    description,
    valuesConfig: Object.fromEntries(
      Object.entries<string>(values).map(([word, text]) => [word, { description: text }]),
    ) as never,
  });
