import type { PermissionInput } from '../../generated/client/graphql.ts';

/** Grants without constraints, from `action:resource`. */
export const grants = (...names: readonly string[]): PermissionInput[] =>
  names.map((name) => {
    const [action = '', resource = ''] = name.split(':');
    return { action, resource };
  });

/** So many different grants of one permission, each with a network of its own. */
export const manyGrants = (count: number, action = 'view', resource = 'users'): PermissionInput[] =>
  Array.from({ length: count }, (_, index) => ({
    action,
    resource,
    constraints: [{ kind: 'NETWORKS', networks: [`10.${Math.floor(index / 250)}.${index % 250}.0/24`] }],
  }));
