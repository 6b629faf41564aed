import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { flowMarkdown, flowsMarkdown } from '../../src/explain/flows-markdown.ts';
import { accountFlow } from '../../src/flows/account.ts';
import type { Flow } from '../../src/flows/flow.ts';
import { flows } from '../../src/flows/flows.ts';
import { invitationFlow } from '../../src/flows/invitation.ts';
import { messageFlow } from '../../src/flows/message.ts';
import { oneTimeCodeFlow } from '../../src/flows/one-time-code.ts';
import { oneTimeTokenFlow } from '../../src/flows/one-time-token.ts';
import { sessionStrengthFlow } from '../../src/flows/session-strength.ts';
import { sessionFlow } from '../../src/flows/session.ts';
import { signInFlow } from '../../src/flows/sign-in.ts';
import { credentialFields } from '../../src/permissions/field-lists.ts';
import { tree } from '../../src/permissions/tree.ts';
import { SignInStep } from '../../src/schema/enums.ts';
import {
  AssuranceLevel,
  InvitationState,
  MessageState,
  OneTimeTokenKind,
  SessionEndReason,
  StoredUserStatus,
  VerificationPurpose,
} from '../../src/vocabulary.ts';

const root = join(import.meta.dirname, '../..');
const namesOf = (words: object): readonly string[] => Object.keys(words).toSorted();
const operations = new Set([
  ...Object.keys(tree.Query).map((name) => `Query.${name}`),
  ...Object.keys(tree.Mutation).map((name) => `Mutation.${name}`),
]);

/** States that a chain of rows leads to from the first one. */
const reachable = (flow: Flow): ReadonlySet<string> => {
  const found = new Set([flow.initial]);
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const { from, to } of flow.transitions) if (from.some((state) => found.has(state))) found.add(to);
  }
  return found;
};

describe.each(flows.map((flow) => [flow.name, flow] as const))('the flow %s', (name, flow) => {
  test('is documented as it is', () => {
    expect(readFileSync(join(root, `docs/flows/${name}.md`), 'utf8')).toBe(flowMarkdown(flow));
  });

  test('reaches every state, by every event that is not there to be refused', () => {
    expect([...reachable(flow)].toSorted()).toEqual(namesOf(flow.states));
    const used = new Set(flow.transitions.map(({ on }) => on));
    const active = Object.keys(flow.events).filter((event) => flow.events[event]?.inert !== true);
    expect([...used].toSorted()).toEqual(active.toSorted());
  });

  test('has one answer for each state, event and circumstance', () => {
    const keys = flow.transitions.flatMap(({ from, on, when }) =>
      from.flatMap((state) => (when ?? ['']).map((circumstance) => `${state} ${on} ${circumstance}`)),
    );
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
    const asked = new Set(flow.transitions.flatMap(({ when }) => when ?? []));
    const known = Object.keys(flow.circumstances);
    expect([...asked].filter((one) => !known.includes(one))).toEqual([]);
  });

  test('names operations that exist', () => {
    const named = Object.values(flow.events).map(({ by }) => by);
    expect(named.filter((by) => /^(?:Query|Mutation)\./.test(by) && !operations.has(by))).toEqual([]);
  });

  test('is walked, row by row and as a whole', () => {
    const files = [`tests/contract/flows/${name}.test.ts`, `tests/slow/flows/${name}.test.ts`];
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});

test('the index has every flow, and there is no other page', () => {
  expect(readFileSync(join(root, 'docs/flows/README.md'), 'utf8')).toBe(flowsMarkdown(flows));
  const pages = flows.map(({ name }) => `${name}.md`);
  expect(readdirSync(join(root, 'docs/flows')).toSorted()).toEqual([...pages, 'README.md'].toSorted());
});

describe('the words of the flows are those of the tables and the schema', () => {
  test.each<readonly [string, object, readonly string[], readonly string[]]>([
    ['ends of sessions', SessionEndReason, namesOf(sessionFlow.states), ['ACTIVE']],
    ['states of invitations', InvitationState, namesOf(invitationFlow.states), ['GONE']],
    ['states of messages', MessageState, namesOf(messageFlow.states), ['REPEATED']],
    ['kinds of tokens', OneTimeTokenKind, namesOf(oneTimeTokenFlow.circumstances), []],
    ['purposes of codes', VerificationPurpose, namesOf(oneTimeCodeFlow.circumstances), []],
    // FAILED is the answer to an event that leads nowhere.
    ['steps of a sign-in', SignInStep, [...namesOf(signInFlow.states), 'FAILED'], ['START']],
    [
      'states of accounts',
      StoredUserStatus,
      namesOf(accountFlow.states),
      ['NONE', 'DELETED', 'LOCKED_AUTOMATICALLY', 'LOCKED_BY_ADMINISTRATOR'],
    ],
  ])('%s', (_what, words, states, besides) => {
    expect(states.filter((state) => !besides.includes(state)).toSorted()).toEqual(namesOf(words));
  });

  test('levels of sessions', () => {
    const levels = namesOf(sessionStrengthFlow.states).map((state) => state.split('_')[0]);
    expect([...new Set(levels)]).toEqual(namesOf(AssuranceLevel));
  });

  test('every operation that checks a password, code or token causes an event of a flow', () => {
    const caused = new Set(flows.flatMap(({ events }) => Object.values(events).map(({ by }) => by)));
    // Their effects have no states of their own: an identity is linked or not, an address is asked for, a link is used up,
    // an organization has a member more.
    const without = new Set([
      'Mutation.linkIdentity',
      'Mutation.startPasskeyRegistration',
      'Mutation.requestEmailChange',
      'Mutation.redeemActionLink',
      'Mutation.acceptInvitation',
    ]);
    expect(credentialFields.filter((field) => !caused.has(field) && !without.has(field))).toEqual([]);
  });
});
