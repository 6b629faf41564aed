import {
  defaultFieldResolver,
  getNamedType,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { actAs, type Context, type Identity } from '../context.ts';
import type { SessionId } from '../ids.ts';

type Resolve = GraphQLFieldResolver<unknown, Context>;

interface Options {
  /** Fields, as `Type.field`, whose answer depends on who asks. */
  readonly personal: ReadonlySet<string>;
  /** The identity of a session that was just begun; null when it is over already. One statement. */
  readonly identify: (context: Context, sessionId: SessionId) => Promise<Identity | null>;
  /** The same identity, which has read nothing yet. */
  readonly renew: (identity: Identity) => Identity;
}

/**
 * Reads the fields below a mutation that began a session in the name of that session: whoever has just signed in may see of
 * themselves what any later request shows them. The session is looked up only when a field is selected to which that matters.
 *
 * Every root field begins as whom the request was authenticated (root fields of a mutation run one after another, each with all that
 * lies below it): a document that signs in and goes on is judged, from its second mutation on, as before. What lies below it is read
 * anew: the fields below one mutation show what it left behind, not what those below an earlier one saw, nor how the request began.
 */
export const readAsBegunSession = (schema: GraphQLSchema, options: Options): void => {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const resolve = (field.resolve ?? defaultFieldResolver) as Resolve;
    field.resolve = inOwnName(resolve, options) as never;
  }
};

const inOwnName =
  (resolve: Resolve, { personal, identify, renew }: Options): Resolve =>
  async (parent, args, context, info) => {
    actAs(context, context.own);
    context.began = null;
    const answer: unknown = await resolve(parent, args, context, info);
    actAs(context, renew(context));
    // Set by the resolver, which narrowing does not know of.
    const began = context.began as SessionId | null;
    if (began === null || !selectsAny(info, personal)) return answer;
    const identity = await identify(context, began);
    if (identity !== null) actAs(context, identity);
    return answer;
  };

/** Whether one of these fields stands anywhere below the present one, in fragments too. Directives are not looked at. */
const selectsAny = (info: GraphQLResolveInfo, fields: ReadonlySet<string>): boolean => {
  const visited = new Set<string>();
  const look = (set: SelectionSetNode | undefined, typeName: string): boolean => {
    const type = info.schema.getType(typeName);
    return (set?.selections ?? []).some((node): boolean => {
      if (node.kind === Kind.INLINE_FRAGMENT)
        return look(node.selectionSet, node.typeCondition?.name.value ?? typeName);
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = info.fragments[node.name.value];
        if (fragment === undefined || visited.has(node.name.value)) return false;
        visited.add(node.name.value);
        return look(fragment.selectionSet, fragment.typeCondition.name.value);
      }
      if (fields.has(`${typeName}.${node.name.value}`)) return true;
      const field = isObjectType(type) ? type.getFields()[node.name.value] : undefined;
      return field !== undefined && look(node.selectionSet, getNamedType(field.type).name);
    });
  };
  return info.fieldNodes.some((node) => look(node.selectionSet, getNamedType(info.returnType).name));
};
