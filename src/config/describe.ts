import { originOf, valueAt } from './provenance.ts';
import { allSettings, type Config } from './settings.ts';

/** One line per effective setting: its path, its value (secrets hidden) and where it came from. */
export const describeConfig = (config: Config): readonly string[] => {
  const effective = allSettings.filter(({ isPart }) => !isPart);
  const width = Math.max(...effective.map(({ path }) => path.length));
  return effective.map(({ path, setting }) => {
    const value = setting.kind.show(valueAt(config, path));
    return `${path.padEnd(width)}  ${value}  (${originOf(config, path)})`;
  });
};
