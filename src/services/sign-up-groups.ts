import type { Config } from '../config/config.ts';
import { groupNameKey } from '../entities/group.entity.ts';
import type { SignUpFactsRow } from '../entities/sign-up.queries.ts';
import type { GroupId } from '../ids.ts';
import type { Log } from '../log.ts';
import { protectedAmong } from '../permissions/grants.ts';
import { MEMBERS_GROUP_ID } from '../permissions/seeded-groups.ts';
import type { GroupDirectory } from './group-directory.ts';

/** The groups that people are in after they signed up: those of the settings, as far as a stranger may have them. */
export class SignUpGroups {
  readonly #directory: GroupDirectory;
  readonly #log: Log;
  /** As the settings name them, for `signUpFacts`. */
  readonly names: readonly string[];
  #isWarned = false;

  constructor(parts: { directory: GroupDirectory; config: Config; log: Log }) {
    this.#directory = parts.directory;
    this.#log = parts.log;
    this.names = parts.config.signUp.groups.map(groupNameKey);
  }

  /** Leaves out groups that give everything or something protected; Members when none is left. */
  async of({ group_ids: found, epoch }: SignUpFactsRow): Promise<readonly GroupId[]> {
    await this.#directory.reach(epoch);
    const allowed = found.filter((id) => this.#isHarmless(id));
    if (allowed.length < this.names.length && !this.#isWarned) {
      this.#isWarned = true;
      this.#log('warn', 'groups of signUp.groups do not exist, or give too much for people who sign up', {
        used: allowed.length,
        named: this.names.length,
      });
    }
    return allowed.length === 0 ? [MEMBERS_GROUP_ID] : allowed;
  }

  #isHarmless(id: GroupId): boolean {
    const grants = this.#directory.find(id)?.permissions ?? [];
    const givesEverything = grants.some(({ action, resource }) => action === 'admin' && resource === '*');
    return !givesEverything && protectedAmong(grants, this.#directory.catalogue).length === 0;
  }
}
