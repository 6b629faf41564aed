import { Migration } from '@mikro-orm/migrations';

/** Frozen: what the groups were when this migration was written. A later change of a seeded group is a migration of its own. */
const GROUPS = [
  {
    number: 1,
    name: 'Administrators',
    description: 'Everything that is not protected, in every organization.',
    scope: 'ALL',
    grants: ['admin:*'],
  },
  {
    number: 2,
    name: 'Support',
    description: 'Helps people who cannot sign in: sees users, locks them, ends their sessions, sends mail again.',
    scope: 'LISTED',
    grants: [
      'view:users',
      'view:groups',
      'view:sessions',
      'view:organizations',
      'lock:users',
      'revoke:sessions',
      'view:mail',
      'retry:mail',
    ],
  },
  {
    number: 3,
    name: 'Members',
    description: 'Every person; makes API keys for oneself.',
    scope: 'LISTED',
    grants: ['create-own:api-keys'],
  },
  {
    number: 4,
    name: 'Read-only',
    description: 'Sees users, groups, organizations and statistics; changes nothing.',
    scope: 'LISTED',
    grants: ['view:users', 'view:groups', 'view:organizations', 'view:stats'],
  },
  {
    number: 5,
    name: 'Auditors',
    description: 'Reads and takes away the audit log.',
    scope: 'LISTED',
    grants: ['view:audit', 'export:audit', 'view:impersonations', 'view:users', 'view:groups'],
  },
  {
    number: 6,
    name: 'Impersonators',
    description: 'Acts as other people, to see what they see.',
    scope: 'LISTED',
    grants: ['impersonate:users', 'view:users'],
  },
  {
    number: 8,
    name: 'Key Masters',
    description: 'Rotates signing keys, hands out protected permissions, approves requests.',
    scope: 'LISTED',
    grants: ['rotate:signing-keys', 'grant-protected:groups', 'approve:requests'],
  },
  {
    number: 9,
    name: 'Data Officers',
    description: 'Takes personal data out, brings it in, erases it.',
    scope: 'LISTED',
    grants: ['export:users', 'import:users', 'erase:users', 'export:audit'],
  },
] as const;

const idOf = (number: number): string => `00000000-0000-5000-8000-${String(number).padStart(12, '0')}`;

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

export class Migration20261101000001_seed_groups extends Migration {

  override name = 'Migration20261101000001_seed_groups';

  override up(): void | Promise<void> {
    // The groups carry the new epoch, so that a server that is running already reads them with its next request.
    this.addSql(`update permission_epoch set epoch = epoch + 1;`);
    for (const { number, name, description, scope, grants } of GROUPS) {
      const id = text(idOf(number));
      this.addSql(
        `insert into groups (id, name, name_key, description, system_managed, scope_mode, changed_epoch, created_at, updated_at)
         select ${id}, ${text(name)}, ${text(name.toLowerCase())}, ${text(description)}, true, ${text(scope)}, epoch, now(), now()
         from permission_epoch;`,
      );
      for (const [position, permission] of grants.entries()) {
        const [action = '', resource = ''] = permission.split(':');
        this.addSql(
          `insert into group_grants (group_id, position, action, resource, constraints)
           values (${id}, ${position}, ${text(action)}, ${text(resource)}, '[]');`,
        );
      }
    }
  }

  override down(): void | Promise<void> {
    this.addSql(`update permission_epoch set epoch = epoch + 1;`);
    this.addSql(`delete from groups where id in (${GROUPS.map(({ number }) => text(idOf(number))).join(', ')});`);
  }

}
