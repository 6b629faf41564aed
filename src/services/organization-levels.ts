import type { Config } from '../config/config.ts';
import type { GroupId } from '../ids.ts';

/** What the settings say of one level of the hierarchy. */
export interface OrganizationLevelView {
  /** From the top, beginning with 0. */
  readonly position: number;
  readonly name: string;
  /** Names or ids of the groups that every member at this level gets. */
  readonly groups: readonly string[];
}

/** The levels of the organization tree, from the settings. */
export class OrganizationLevels {
  readonly list: readonly OrganizationLevelView[];

  constructor(config: Pick<Config, 'organizations'>) {
    this.list = config.organizations.levels.map((level, position) => ({ position, ...level }));
  }

  /** The level at the position; where the settings have none (any more), one that gives nothing. */
  at(position: number): OrganizationLevelView {
    return this.list[position] ?? { position, name: `Level ${position}`, groups: [] };
  }

  /** Positions of the levels that give the group. */
  giving(group: { readonly id: GroupId; readonly name: string }): readonly number[] {
    return this.list
      .filter(({ position }) => this.groupsOf(position, [group]).length > 0)
      .map(({ position }) => position);
  }

  /** The groups that the level gives, by name or id; those that do not exist (any more) give nothing. */
  groupsOf(position: number, groups: Iterable<{ readonly id: GroupId; readonly name: string }>): readonly GroupId[] {
    const wanted = this.list[position]?.groups ?? [];
    if (wanted.length === 0) return [];
    return [...groups].filter(({ id, name }) => wanted.includes(id) || wanted.includes(name)).map(({ id }) => id);
  }
}
