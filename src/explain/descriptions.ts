import { type GraphQLSchema, isObjectType } from 'graphql';
import { describeRule } from '../permissions/rule-words.ts';
import type { RuleTree } from '../permissions/shield.ts';

/** Adds to the description of every ruled field what it needs, in words: the schema documents its own guard. */
export const describeRequirements = (schema: GraphQLSchema, tree: RuleTree): void => {
  for (const [typeName, rules] of Object.entries(tree)) {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) continue;
    for (const [fieldName, rule] of Object.entries(rules)) {
      const field = type.getFields()[fieldName];
      if (field !== undefined) field.description = `${field.description ?? ''} ${describeRule(rule)}`.trim();
    }
  }
};
