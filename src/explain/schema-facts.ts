import type { ValidationRule } from 'graphql';
import { asksAboutRow } from '../permissions/constraints.ts';
import type { Grant } from '../permissions/grants.ts';
import { EffectiveGrants } from '../permissions/effective-grants.ts';
import { judge } from '../permissions/judge.ts';
import { clausesOf, type Rule } from '../permissions/rules.ts';
import type { Principal } from '../principal.ts';
import type { RunnableDocument, SchemaFacts } from '../services/schema-knowledge.ts';
import { operationsOf, readDocument } from './document-fields.ts';
import { documentPermissionsOf } from './operation-permissions.ts';
import { judgeOperation, type OperationJudging } from './operation-verdicts.ts';
import { cutSchema, definitionsOf } from './schema-cut.ts';

/** Schemas kept for the next question; each has some hundred kilobytes. */
const MAXIMUM_REMEMBERED = 32;

interface FactSettings extends OperationJudging {
  /** Rules for documents that are to be run, beside those for all that are read. */
  readonly runningRules: readonly ValidationRule[];
}

/** All that can be known of the schema that is served, by the rules that guard it. */
export const schemaFactsOf = (judging: FactSettings): SchemaFacts => ({
  runnable: (text) => runnableDocument(text, judging),
  documentPermissions: documentPermissionsOf(judging),
  operation: (question) => judgeOperation(question, judging),
  sdlFor: sdlMaker(judging),
});

const runnableDocument = (text: string, { schema, bounds, runningRules }: FactSettings): RunnableDocument => {
  const { document, problems } = readDocument(schema, text, { ...bounds, rules: [...bounds.rules, ...runningRules] });
  if (document === null) return { operationName: null, problems };
  const names = operationsOf(document).flatMap(({ name }) => name?.value ?? []);
  return { operationName: names[0] ?? null, problems: [] };
};

const sdlMaker = ({ schema, tree, guard }: OperationJudging): SchemaFacts['sdlFor'] => {
  // Made by the first question: a start need not wait for it.
  let definitions: ReturnType<typeof definitionsOf> | null = null;
  const known = new Map<string, string>();
  return (principal) => {
    const key = keyOf(principal);
    const before = known.get(key);
    if (before !== undefined) return before;
    const anytime = principal === null ? null : inAnyCircumstances(principal);
    definitions ??= definitionsOf(schema);
    const sdl = cutSchema(definitions, (type, field) => {
      const rule = tree[type]?.[field];
      return rule === undefined || isUsable(rule, anytime, guard.clock.now());
    });
    const [oldest] = known.keys();
    if (known.size >= MAXIMUM_REMEMBERED && oldest !== undefined) known.delete(oldest);
    known.set(key, sdl);
    return sdl;
  };
};

/** What the answer depends on. The version of permissions stands for the grants, except for what narrows them. */
const keyOf = (principal: Principal | null): string =>
  principal === null
    ? 'nobody'
    : [
        principal.permissionVersion,
        principal.via,
        principal.apiKeyId,
        principal.impersonationMode,
        principal.administrationElsewhere,
      ].join(' ');

const open = (grants: readonly Grant[]): readonly Grant[] =>
  grants.map((grant) => ({ ...grant, constraints: grant.constraints.filter((one) => asksAboutRow(one)) }));

/** As if every constraint about hour, address and level of the session held: they change from one moment to the next. */
const inAnyCircumstances = (principal: Principal): Principal => {
  const { list, places, catalogue } = principal.grants;
  const grants = EffectiveGrants.of(
    open(list),
    catalogue,
    places.map((place) => ({ lineage: place.lineage, grants: open(place.grants.list) })),
  );
  return { ...principal, grants };
};

/** Sets the value at a path such as `input.userId`. */
const at = (path: string, value: unknown): Record<string, unknown> => {
  const [first = '', ...rest] = path.split('.');
  return { [first]: rest.length === 0 ? value : at(rest.join('.'), value) };
};

/** Some way passes for what is one's own, once the session is raised as far as is asked. */
const isUsable = (rule: Rule, principal: Principal | null, now: Date): boolean => {
  if (principal === null) return judge(rule, { principal, now }).allowed;
  const clauses = clausesOf(rule);
  const own = (paths: readonly string[]): object =>
    Object.assign({}, ...paths.map((path) => at(path, principal.userId))) as object;
  const verdict = judge(rule, {
    principal,
    now,
    args: own(clauses.flatMap(({ selfArguments }) => selfArguments)),
    parent: own(clauses.flatMap(({ aboutFields }) => aboutFields)),
  });
  return verdict.allowed || verdict.code === 'STEP_UP_REQUIRED';
};
