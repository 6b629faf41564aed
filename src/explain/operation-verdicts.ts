import {
  type DocumentNode,
  getArgumentValues,
  getDirectiveValues,
  getVariableValues,
  GraphQLError,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';
import { type FieldSettings, judgeField } from '../permissions/field-judge.ts';
import { ABOUT_UNKNOWN, rowRules } from '../permissions/row-rules.ts';
import { describeRule } from '../permissions/rule-words.ts';
import { readsParent, type Rule } from '../permissions/rules.ts';
import type { FieldVerdict, OperationQuestion, OperationVerdicts } from '../services/schema-knowledge.ts';
import {
  fragmentsOf,
  operationsOf,
  problemOf,
  readDocument,
  type SelectedField,
  walkOperation,
} from './document-fields.ts';
import type { DocumentReading } from './operation-permissions.ts';

/** How the guard of the schema judges; the same here, so that what is explained is what happens. */
export interface OperationJudging extends DocumentReading {
  readonly guard: FieldSettings;
}

type Values = Readonly<Record<string, unknown>>;

const failed = (...problems: readonly string[]): OperationVerdicts => ({ verdicts: [], problems });

/** What the rule tree says of each field that has a rule, for the principal of the question. Runs nothing. */
export const judgeOperation = (question: OperationQuestion, judging: OperationJudging): OperationVerdicts => {
  const { document, problems } = readDocument(judging.schema, question.document, judging.bounds);
  if (document === null) return failed(...problems);
  const operation = chosen(document, question.operationName);
  if (typeof operation === 'string') return failed(operation);
  const { coerced, errors } = getVariableValues(
    judging.schema,
    operation.variableDefinitions ?? [],
    { ...question.variables },
    { maxErrors: 20 },
  );
  if (errors !== undefined) return failed(...errors.map((error) => problemOf(error)));
  try {
    return verdictsOf(operation, document, coerced, { question, judging });
  } catch (error) {
    if (error instanceof GraphQLError) return failed(problemOf(error));
    throw error;
  }
};

const chosen = (document: DocumentNode, name: string | null): OperationDefinitionNode | string => {
  const operations = operationsOf(document);
  const [first, second] = name === null ? operations : operations.filter((one) => one.name?.value === name);
  if (first === undefined) return name === null ? 'The document has no operation.' : 'No operation has this name.';
  return second === undefined ? first : 'There are several operations; name one.';
};

const runs = (selection: SelectionNode, variables: Values): boolean =>
  getDirectiveValues(GraphQLSkipDirective, selection, variables)?.['if'] !== true &&
  getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.['if'] !== false;

interface Judged {
  readonly question: OperationQuestion;
  readonly judging: OperationJudging;
}

const verdictsOf = (
  operation: OperationDefinitionNode,
  document: DocumentNode,
  variables: Values,
  judged: Judged,
): OperationVerdicts => {
  const { schema, tree } = judged.judging;
  const verdicts = new Map<string, FieldVerdict>();
  const complete = walkOperation(
    {
      schema,
      fragments: fragmentsOf(document),
      everyPlace: true,
      runs: (selection) => runs(selection, variables),
      visit: (field) => {
        const key = JSON.stringify([field.path, coordinateOf(field)]);
        const rule = tree[field.parent.name]?.[field.node.name.value];
        // The same field selected twice under one key is run once.
        if (rule !== undefined && !verdicts.has(key)) {
          verdicts.set(key, verdictOf(field, rule, variables, judged));
        }
      },
    },
    operation,
  );
  return complete ? { verdicts: [...verdicts.values()], problems: [] } : failed('Selects too many fields.');
};

const coordinateOf = ({ parent, node }: SelectedField): string => `${parent.name}.${node.name.value}`;

const verdictOf = (
  field: SelectedField,
  rule: Rule,
  variables: Values,
  { question: { principal }, judging: { schema, guard } }: Judged,
): FieldVerdict => {
  const coordinate = coordinateOf(field);
  const ruled = {
    coordinate,
    isRoot: field.path.length === 1,
    isMutation: field.parent === schema.getMutationType(),
  };
  const denial = judgeField(rule, ruled, { principal, args: argumentsOf(field, variables) }, guard);
  // The parent is an object that only running would find, so a way that asks about it does not pass.
  const couldBeOwn = denial !== null && principal !== null && readsParent(rule);
  const rows = [rowRules[coordinate], couldBeOwn ? ABOUT_UNKNOWN : undefined];
  const rowRule = rows.filter((sentence) => sentence !== undefined).join(' ');
  return {
    path: field.path,
    coordinate,
    allowed: denial === null,
    rule: describeRule(rule),
    rowRule: rowRule === '' ? null : rowRule,
    missing: denial?.missing ?? [],
    required: denial?.required ?? null,
  };
};

/** As execution coerces them; throws a GraphQLError as execution does. */
const argumentsOf = ({ parent, node }: SelectedField, variables: Values): Values => {
  const definition = parent.getFields()[node.name.value];
  return definition === undefined ? {} : getArgumentValues(definition, node, { ...variables });
};
