import { describe, expect, test } from 'vitest';
import { directoryWith, load, problemsOf } from './working-directory.ts';

const yaml = (list: string) => ({ cwd: directoryWith({ 'gatehouse.yaml': `users:\n  attributes:\n${list}` }) });

describe('users.attributes', () => {
  test('is a list of objects in YAML, the same as JSON in a variable', () => {
    const { users } = load(
      yaml(`    - name: department
      type: enum
      values: [Sales, Human Resources]
      visibility: [own, administrator, claim]
      filterable: true
    - { name: birthday, type: date, visibility: own, editableBy: own }
`),
    );
    expect(users.attributes).toEqual([
      {
        name: 'department',
        type: 'enum',
        values: ['Sales', 'Human Resources'],
        visibility: ['own', 'administrator', 'claim'],
        editableBy: ['administrator'],
        filterable: true,
      },
      { name: 'birthday', type: 'date', values: [], visibility: ['own'], editableBy: ['own'], filterable: false },
    ]);
    const json = JSON.stringify([{ name: 'level', type: 'number' }]);
    expect(load({ env: { USER_ATTRIBUTES: json } }).users.attributes).toEqual([
      {
        name: 'level',
        type: 'number',
        values: [],
        visibility: ['own', 'administrator'],
        editableBy: ['administrator'],
        filterable: false,
      },
    ]);
  });

  test('is empty by itself, and accounts cannot be deleted by their owners', () => {
    expect(load().users).toEqual({ attributes: [], accountDeletion: false, emailChangeTtlSeconds: 3600 });
  });

  test.each([
    ['[{"type":"string"}]', 'entry 1.name is missing; give a name'],
    ['[{"name":"x"}]', 'entry 1.type is missing; give a `string`, `number`, `boolean`, `date`, `enum`'],
    ['[{"name":"x","type":"text"}]', 'entry 1.type is not among the allowed values'],
    ['[{"name":"__proto__","type":"string"}]', 'entry 1.name is no name of an attribute'],
    ['[{"name":"constructor","type":"string"}]', 'entry 1.name is no name of an attribute'],
    ['[{"name":"a b","type":"string"}]', 'entry 1.name is no name of an attribute'],
    ['[{"name":"x","type":"enum"}]', 'entry 1.values is empty; list what the enum can be'],
    ['[{"name":"x","type":"date","values":["a"]}]', 'entry 1.values goes with type enum only'],
    ['[{"name":"x","type":"date","visibility":[]}]', 'entry 1.visibility is empty'],
    ['[{"name":"x","type":"date","visibility":["all"]}]', 'entry 1.visibility entry 1 is not allowed'],
    ['[{"name":"x","type":"date","editableBy":["claim"]}]', 'entry 1.editableBy entry 1 is not allowed'],
    [
      '[{"name":"x","type":"date","visibility":["own"]}]',
      'entry 1.editableBy lists administrator, who could not see it',
    ],
    [
      '[{"name":"x","type":"date","visibility":["own","claim"],"editableBy":["own"],"filterable":true}]',
      'entry 1.filterable would let administrators find out what they do not see',
    ],
    ['[{"name":"x","type":"date","filterable":"perhaps"}]', 'entry 1.filterable is neither true nor false'],
    ['[{"name":"x","type":"date","editable":["own"]}]', 'entry 1 has an unknown field "editable"'],
    ['[{"name":"x","type":"date"},{"name":"X","type":"date"}]', 'holds two attributes of one name'],
    ['["x"]', 'entry 1 is no object'],
    ['{"name":"x"}', 'is no list; list at most 32 attributes'],
    ['[{', 'is no JSON'],
    [
      JSON.stringify(Array.from({ length: 33 }, (_, index) => ({ name: `n${index}`, type: 'date' }))),
      'is no list; list at most 32 attributes',
    ],
  ])('refuses %.70s', (text, problem) => {
    const problems = problemsOf({ env: { USER_ATTRIBUTES: text } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`users.attributes (USER_ATTRIBUTES in the environment): `);
    expect(problems[0]).toContain(problem);
  });
});
