import { DEFAULT_ORIGIN } from './resolve.ts';
import type { Config } from './settings.ts';

/** Where the values of a loaded configuration came from; beside the object, so that its shape stays what consumers use. */
const originsOf = new WeakMap<Config, ReadonlyMap<string, string>>();

export const rememberOrigins = (config: Config, origins: ReadonlyMap<string, string>): void => {
  originsOf.set(config, origins);
};

/** `PORT in the environment`, `gatehouse.yaml line 3`, `default`; `given` for a configuration that was built by hand. */
export const originOf = (config: Config, path: string): string => {
  const origins = originsOf.get(config);
  return origins === undefined ? 'given' : (origins.get(path) ?? DEFAULT_ORIGIN);
};

/** The value at a path of the declaration table. */
export const valueAt = (config: Config, path: string): unknown => {
  let node: unknown = config;
  for (const name of path.split('.')) {
    node = typeof node === 'object' && node !== null ? Reflect.get(node, name) : undefined;
  }
  return node;
};
