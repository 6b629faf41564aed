import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { ProviderSettings } from '../config/identity-providers.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { groupNameKey } from '../entities/group.entity.ts';
import { Rejection } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type GroupId, type MembershipId, newId, type UserId } from '../ids.ts';
import type { Log } from '../log.ts';
import { type Grant, protectedAmong } from '../permissions/grants.ts';
import { MEMBERS_GROUP_ID } from '../permissions/seeded-groups.ts';
import { type GroupVerdict, verdictsOf } from '../providers/group-rules.ts';
import type { Evidence } from '../providers/identity-providers.ts';
import type { AccessGuard } from './access-guard.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import { MAXIMUM_GROUPS } from './user.service.ts';

type Read = <Row extends object>(text: string, values: readonly unknown[]) => Promise<Row[]>;

/** A group that the rules speak of, or that the user is in. */
interface GroupRow {
  readonly id: GroupId;
  readonly name_key: string;
  readonly member: boolean;
  readonly epoch: string;
}

interface Changes {
  readonly added: readonly GroupId[];
  readonly removed: readonly GroupId[];
}

interface Person {
  readonly id: UserId;
  readonly email: string | null;
  readonly username: string | null;
  readonly phone: string | null;
  readonly displayName: string;
}

const NAMED_AND_OWN = `
select g.id, g.name_key, m.id is not null as member, (select epoch::text from permission_epoch) as epoch
from groups g left join memberships m on m.group_id = g.id and m.user_id = $1::uuid and m.organization_id is null
where g.id::text = any($2::text[]) or g.name_key = any($2::text[]) or m.id is not null`;

const givesEverything = (grants: readonly Grant[]): boolean =>
  grants.some(({ action, resource }) => action === 'admin' && resource === '*');

/** Keeps memberships as the rules of a provider say; touches no group that they do not name. */
export class ProviderGroups {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #guard: AccessGuard;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    guard: AccessGuard;
    recorder: Recorder;
    clock: Clock;
    log: Log;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#guard = parts.guard;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** The groups of a new account: the provider's default ones and those of its rules; Members if there would be none. */
  async initial(provider: ProviderSettings, evidence: Evidence): Promise<readonly GroupId[]> {
    const verdicts = [...defaultsOf(provider), ...(await this.#verdicts(provider, evidence))];
    const read: Read = (text, values) => this.#database.query(text, values);
    const rows = await this.#rows(read, null, verdicts);
    const [first] = rows;
    if (first !== undefined) await this.#directory.reach(first.epoch);
    const { added } = this.#changes(provider, rows, verdicts);
    return added.length === 0 ? [MEMBERS_GROUP_ID] : added.slice(0, MAXIMUM_GROUPS);
  }

  /**
   * Puts a person into the groups that the rules give now and takes them out of those that they no longer give. The last
   * administrator stays one, and nobody is left without a group. Reads first, so that a sign-in that changes nothing takes no lock.
   */
  async apply(caller: Caller, provider: ProviderSettings, evidence: Evidence, person: Person): Promise<void> {
    const verdicts = await this.#verdicts(provider, evidence);
    if (verdicts.length === 0) return;
    const rows = await this.#rows((text, values) => this.#database.query(text, values), person.id, verdicts);
    const [first] = rows;
    if (first === undefined) return;
    await this.#directory.reach(first.epoch);
    const { added, removed } = this.#changes(provider, rows, verdicts);
    if (added.length === 0 && removed.length === 0) return;
    const change = { provider, person, verdicts };
    try {
      await this.#change(caller, { ...change, keepsAdministrators: false });
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      this.#log('warn', 'rules of an identity provider would remove the last administrator; the membership stays', {
        issuer: provider.issuer,
        userId: person.id,
      });
      await this.#change(caller, { ...change, keepsAdministrators: true });
    }
  }

  async #verdicts(provider: ProviderSettings, evidence: Evidence): Promise<readonly GroupVerdict[]> {
    const sources = new Set(provider.groupRules.map(({ source }) => source));
    const answer = async (source: 'claim' | 'userinfo' | 'fetched'): Promise<unknown> =>
      sources.has(source) ? evidence.ask(source) : null;
    const [claim, userinfo, fetched] = await Promise.all([answer('claim'), answer('userinfo'), answer('fetched')]);
    return verdictsOf(provider.groupRules, { claim, userinfo, fetched });
  }

  #rows(read: Read, userId: UserId | null, verdicts: readonly GroupVerdict[]): Promise<GroupRow[]> {
    const names = verdicts.flatMap(({ group }) => [group.toLowerCase(), groupNameKey(group)]);
    return read<GroupRow>(NAMED_AND_OWN, [userId, names]);
  }

  /** What differs from the verdicts. A shielded group needs a rule that says so; without it, it is left as it is. */
  #changes(provider: ProviderSettings, rows: readonly GroupRow[], verdicts: readonly GroupVerdict[]): Changes {
    const added: GroupId[] = [];
    const removed: GroupId[] = [];
    for (const { id, name_key: nameKey, member } of rows) {
      const about = verdicts.filter(({ group }) => group.toLowerCase() === id || groupNameKey(group) === nameKey);
      const wanted = about.some((verdict) => verdict.member);
      if (about.length === 0 || wanted === member) continue;
      const allowed = about.some((verdict) => verdict.member === wanted && verdict.allowProtected);
      if (allowed || !this.#isShielded(id)) (wanted ? added : removed).push(id);
      else this.#log('warn', 'a rule of an identity provider names a protected group', { issuer: provider.issuer, id });
    }
    return { added, removed };
  }

  #isShielded(id: GroupId): boolean {
    const grants = this.#directory.find(id)?.permissions ?? [];
    return givesEverything(grants) || protectedAmong(grants, this.#directory.catalogue).length > 0;
  }

  #change(
    caller: Caller,
    {
      provider,
      person,
      verdicts,
      keepsAdministrators,
    }: {
      readonly provider: ProviderSettings;
      readonly person: Person;
      readonly verdicts: readonly GroupVerdict[];
      readonly keepsAdministrators: boolean;
    },
  ): Promise<void> {
    return this.#database.transaction(async (em) => {
      await this.#guard.lockForServer(em);
      const read: Read = (text, values) => sql(em, text, values);
      const rows = await this.#rows(read, person.id, verdicts);
      const planned = this.#changes(provider, rows, verdicts);
      const kept = (id: GroupId): boolean =>
        keepsAdministrators && givesEverything(this.#directory.find(id)?.permissions ?? []);
      const removed = planned.removed.filter((id) => !kept(id));
      const present = rows.filter(({ member }) => member).length - removed.length;
      const wanted = planned.added.slice(0, Math.max(MAXIMUM_GROUPS - present, 0));
      const added = present + wanted.length > 0 ? wanted : await this.#lastResort(read, provider);
      await this.#write(em, person.id, { added, removed });
      if (removed.length > 0) await this.#guard.keepAnAdministrator(em, [person.id]);
      if (added.length === 0 && removed.length === 0) return;
      await this.#recorder.record(em, originOf(caller), [
        {
          action: 'user.groups-changed',
          actor: { type: 'System', id: null, label: provider.name },
          target: userReference(person),
          metadata: { added, removed, issuer: provider.issuer },
          event: { type: 'UserGroupsChanged', payload: { userId: person.id, added, removed } },
        },
      ]);
    });
  }

  /** For somebody whom the rules leave nothing: what a new account would get. */
  async #lastResort(read: Read, provider: ProviderSettings): Promise<readonly GroupId[]> {
    const verdicts = defaultsOf(provider);
    const { added } = this.#changes(provider, await this.#rows(read, null, verdicts), verdicts);
    return added.length === 0 ? [MEMBERS_GROUP_ID] : added;
  }

  async #write(em: EntityManager, userId: UserId, { added, removed }: Changes): Promise<void> {
    await sql(
      em,
      'delete from memberships where user_id = $1 and group_id = any($2::uuid[]) and organization_id is null',
      [userId, removed],
    );
    await sql(
      em,
      `insert into memberships (id, user_id, group_id, added_by_id, added_at)
       select m.id, $1, m.group_id, null, $4::timestamptz from unnest($2::uuid[], $3::uuid[]) as m(id, group_id)
       on conflict do nothing`,
      [userId, added.map(() => newId<MembershipId>()), added, this.#clock.now().toISOString()],
    );
  }
}

const defaultsOf = (provider: ProviderSettings): readonly GroupVerdict[] =>
  provider.defaultGroups.map((group) => ({ group, member: true, allowProtected: false }));
