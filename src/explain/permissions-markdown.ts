import { needsAdministration } from '../permissions/administration.ts';
import { adminDefinition, permissionDefinitions } from '../permissions/catalogue.ts';
import type { ImpersonationUse, PermissionDefinition } from '../permissions/catalogue-types.ts';
import { covers, permissionKey } from '../permissions/grants.ts';
import { describeRule } from '../permissions/rule-words.ts';
import { clausesOf, type Rule } from '../permissions/rules.ts';
import { seededGroups } from '../permissions/seeded-groups.ts';
import type { RuleTree } from '../permissions/shield.ts';
import { markdownTable } from './markdown-table.ts';

const INTRODUCTION = `# Permissions

This page is generated from \`src/permissions\` (\`catalogue.ts\`, \`seeded-groups.ts\`, \`tree.ts\`); change those, then run
\`npm run docs:emit\`.

A **permission** is \`action:resource\`. A **grant** is a permission that a group holds, with constraints or without. What somebody
may do is the union of the grants of their groups, and nothing else: no group, no permission; an empty list grants nothing.

- \`admin:*\` covers every permission that is not protected, later ones too. \`action:*\` covers the action on every resource that
  does not protect it.
- **Protected** permissions are covered by nothing but themselves.
- \`create-own\` and its like are the narrow form of a verb: one's own rows only.
- Everybody who is signed in may see and change what is their own, from a session, without any permission.
`;

const IMPERSONATING: Readonly<Record<ImpersonationUse, string>> = { NEVER: 'no', ACT: 'mode ACT', ALWAYS: 'yes' };

const guardOf = (definition: PermissionDefinition): string => {
  if (!definition.protected) return '';
  return definition.requiredAssurance === 'AAL2' ? 'yes, two factors' : 'yes';
};

const catalogue = (): string =>
  markdownTable(
    ['permission', 'lets its holder', 'protected', 'by API key', 'while impersonating', 'goes with'],
    [adminDefinition, ...permissionDefinitions].map((definition) => [
      `\`${definition.key}\``,
      definition.description,
      guardOf(definition),
      definition.grantableToApiKey ? 'yes' : 'no',
      IMPERSONATING[definition.whileImpersonating],
      definition.dependsOn.map((key) => `\`${key}\``).join(', '),
    ]),
  );

const groups = (): string =>
  markdownTable(
    ['group', 'id', 'grants', 'organizations', 'for'],
    seededGroups.map(({ name, id, grants, allowedOrganizations, description }) => [
      name,
      `\`${id}\``,
      grants.map((grant) => `\`${permissionKey(grant)}\``).join(', '),
      allowedOrganizations === 'ALL' ? 'all' : 'none listed',
      description,
    ]),
  );

/** The seeded groups whose members hold all that one of the ways to pass names. */
const holdersOf = (rule: Rule): string => {
  const ways = clausesOf(rule)
    .map(({ permissions }) => permissions)
    .filter((way) => way.length > 0);
  return seededGroups
    .filter(({ grants }) =>
      ways.some((way) => way.every((permission) => grants.some((grant) => covers(grant, permission)))),
    )
    .map(({ name }) => name)
    .join(', ');
};

const rules = (typeName: string, fields: Readonly<Record<string, Rule>>): readonly (readonly string[])[] =>
  Object.entries(fields).map(([field, rule]) => [`\`${typeName}.${field}\``, describeRule(rule), holdersOf(rule)]);

const isRoot = ([typeName]: readonly [string, unknown]): boolean =>
  typeName === 'Query' || typeName === 'Mutation' || typeName === 'Subscription';

const sayTree = (tree: RuleTree, which: (entry: readonly [string, unknown]) => boolean, what: string): string =>
  markdownTable(
    [what, 'rule', 'seeded groups that hold it'],
    Object.entries(tree)
      .filter((entry) => which(entry))
      .flatMap(([typeName, fields]) => rules(typeName, fields)),
  );

/** Fields of a root type that nobody passes without administering. */
const administrators = (tree: RuleTree): string =>
  (['Query', 'Mutation', 'Subscription'] as const)
    .flatMap((typeName) => Object.entries(tree[typeName] ?? {}))
    .filter(([, rule]) => needsAdministration(rule))
    .map(([field]) => `\`${field}\``)
    .join(', ');

/** The text of docs/permissions.md. */
export const permissionsMarkdown = (tree: RuleTree): string => `${INTRODUCTION}
## The catalogue

${catalogue()}

## Groups that exist in every installation

The system manages them: only their members can change. Their ids are fixed, so that settings and other systems can name them.

${groups()}

## Who may call what

\`src/permissions/tree.ts\` read aloud. A rule looks at the caller and the arguments; which rows the caller may see or change is
decided by the service, on the row itself, in the same transaction. What is not listed is denied.

- *confirmed*: the identity was proved within the last ten minutes, by signing in or by \`confirmIdentity\`; else
  \`STEP_UP_REQUIRED\`.
- *aal2*: two factors. In the grace of accounts without a second factor (\`MFA_GRACE\`), and with \`MFA_ENFORCE=false\`, a confirmed session satisfies it.
- *a session*: not by API key. *not impersonating*: not while acting as somebody else.

${sayTree(tree, isRoot, 'operation')}

## Administrators' operations

With \`ADMIN_PORT\` or \`ADMIN_NETWORKS\` these are served on the second listener, or to those networks, only:
${administrators(tree)}.

Elsewhere they answer FORBIDDEN with the reason ADMINISTRATION_ELSEWHERE, whoever calls, and everybody holds the permissions of
applications' own resources alone: lists and nested fields show one's own rows, and a rule with another way, such as *about oneself*,
is passed that way only. \`src/permissions/administration.ts\` says which permissions are not administrators' ones.
\`POST /oauth/introspect\` and the files of \`/exports/\` are served on both.

## Fields with a rule of their own

A refused field is null and has an error of its own; the rest of the answer stays. All other fields are as visible as their object.

${sayTree(tree, (entry) => !isRoot(entry), 'field')}
`;
