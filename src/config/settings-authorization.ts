import { duration, flag, integer, oneOf } from './kinds.ts';
import { type LevelSettings, levelList } from './level-list.ts';
import { fixed, setting } from './setting.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

const DEFAULT_LEVELS: readonly LevelSettings[] = ['Owner', 'Distributor', 'Reseller', 'Customer'].map((name) => ({
  name,
  groups: [],
}));

export const organizations = {
  levels: setting<readonly LevelSettings[]>({
    kind: levelList,
    env: 'ORGANIZATION_LEVELS',
    byDefault: fixed<readonly LevelSettings[]>(DEFAULT_LEVELS, '`Owner`, `Distributor`, `Reseller`, `Customer`'),
    description:
      'Levels of the organization tree from the top down, each with a name and the groups that every member at that level gets, there and below: `[{"name":"Owner","groups":["Impersonators"]}]`.',
  }),
  maximumDepth: setting({
    kind: integer(1, 20),
    env: 'ORGANIZATION_MAXIMUM_DEPTH',
    byDefault: fixed(8),
    description: 'How many organizations can stand one below the other.',
  }),
};

export const apiKeys = {
  maximumPerOwner: setting({
    kind: integer(1, 10_000),
    env: 'API_KEYS_PER_OWNER',
    byDefault: fixed(100),
    description: 'An owner can hold at most this many keys that are not revoked.',
  }),
  maximumLifeSeconds: setting({
    kind: duration(HOUR, 3650 * DAY),
    env: 'API_KEY_MAXIMUM_LIFE',
    byDefault: fixed(365 * DAY, '`365d`'),
    description: 'Longest life of an API key, and that of keys for which none is given.',
  }),
  requestsPerMinute: setting({
    kind: integer(1, 1_000_000),
    env: 'API_KEY_REQUESTS_PER_MINUTE',
    byDefault: fixed(600),
    description: 'Requests per minute of a key that has no limit of its own.',
  }),
};

export const impersonation = {
  maximumSeconds: setting({
    kind: duration(MINUTE, HOUR),
    env: 'IMPERSONATION_MAXIMUM',
    byDefault: fixed(HOUR, '`1h`'),
    description: 'Longest life of an impersonation.',
  }),
  tellTarget: setting({
    kind: flag,
    env: 'IMPERSONATION_MAIL',
    byDefault: fixed(false),
    description: 'Whoever is impersonated is told by mail. They see it in their own activity in any case.',
  }),
};

export const approvals = {
  twoPersonRule: setting({
    kind: oneOf(['off', 'protected'] as const),
    env: 'TWO_PERSON_RULE',
    byDefault: fixed('off' as const),
    description: '`protected`: whoever hands out a protected permission needs the approval of a second person.',
  }),
  lifeSeconds: setting({
    kind: duration(HOUR, 30 * DAY),
    env: 'APPROVAL_TTL',
    byDefault: fixed(7 * DAY, '`7d`'),
    description: 'How long a request waits for a second person.',
  }),
  breakGlass: setting({
    kind: flag,
    env: 'BREAK_GLASS',
    byDefault: fixed(false),
    description: 'The two-person rule can be skipped with a reason, which the audit log keeps.',
  }),
};

export const audit = {
  retentionMonths: setting({
    kind: integer(0, 1200),
    env: 'AUDIT_RETENTION_MONTHS',
    byDefault: fixed(0, '`0`: for ever'),
    description:
      'Audit events older than this many whole months are dropped, month by month, with impersonations that ended and approvals that were decided before; 0 keeps all.',
  }),
  checkpointSeconds: setting({
    kind: duration(MINUTE, DAY),
    env: 'AUDIT_CHECKPOINT_INTERVAL',
    byDefault: fixed(HOUR, '`1h`'),
    description: 'How often the end of the audit chain is signed.',
  }),
  exportLifeSeconds: setting({
    kind: duration(10 * MINUTE, 30 * DAY),
    env: 'EXPORT_TTL',
    byDefault: fixed(DAY, '`1d`'),
    description: 'How long the file of an export can be fetched.',
  }),
};
