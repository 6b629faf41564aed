import { expect, test } from 'vitest';
import {
  ADMINISTRATORS_GROUP_ID,
  KEY_MASTERS_GROUP_ID,
  MEMBERS_GROUP_ID,
  SUPPORT_GROUP_ID,
} from '../../src/permissions/seeded-groups.ts';
import { makePerson } from '../support/cast.ts';
import { nextCode } from '../support/mfa.ts';
import { useTestApp } from '../support/test-app.ts';
import { type Replay, replay } from '../support/transcript.ts';

/** Signing up is open in development, which the page is about. */
const app = useTestApp({ settings: { 'signUp.mode': 'OPEN' } });

/** A server of its own: another page made other people. */
const explaining = useTestApp();

/** Another one, for the documents of programs. */
const documented = useTestApp();

const linkedToken = (reader: Replay, template: string): string =>
  /#token=(\S+)/.exec(reader.mailOf(template).text)?.[1] ?? '';

test('docs/walkthroughs.md can be followed, and its answers and mails are the real ones', async () => {
  await makePerson(app(), {
    email: 'ada@example.com',
    displayName: 'Ada Lovelace',
    password: 'a sentence that only I know',
    groupIds: [ADMINISTRATORS_GROUP_ID, KEY_MASTERS_GROUP_ID],
  });
  const done = await replay(app(), 'docs/walkthroughs.md', {
    VERIFICATION_TOKEN: (reader) => reader.newest('verification', 'token'),
    MAILED_CODE: (reader) => /^\d{6}$/m.exec(reader.mailOf('code').text)?.[0] ?? '',
    INVITATION_TOKEN: (reader) => linkedToken(reader, 'invite'),
    RESET_TOKEN: (reader) => linkedToken(reader, 'reset'),
    AUTHENTICATOR_CODE: (reader) => nextCode(app(), reader.newest('startTotpEnrollment', 'secret')),
    CHALLENGE_TOKEN: (reader) => reader.newest('challenge', 'token'),
    RECOVERY_CODE: (reader) => reader.newest('recoveryCodes', '0'),
  });
  expect(done).toEqual({ operations: 19, mails: 6 });
});

test('docs/explain.md can be followed, and its answers are the real ones', async () => {
  await makePerson(explaining(), {
    email: 'ada@example.com',
    displayName: 'Ada Lovelace',
    password: 'a sentence that only I know',
    groupIds: [ADMINISTRATORS_GROUP_ID],
  });
  await makePerson(explaining(), {
    email: 'grace@example.com',
    displayName: 'Grace Hopper',
    groupIds: [MEMBERS_GROUP_ID, SUPPORT_GROUP_ID],
  });
  const done = await replay(explaining(), 'docs/explain.md', { GRACE_ID: (reader) => reader.newest('id') });
  expect(done).toEqual({ operations: 7, mails: 0 });
});

test('docs/trusted-documents.md can be followed, and its answers are the real ones', async () => {
  await makePerson(documented(), {
    email: 'ada@example.com',
    displayName: 'Ada Lovelace',
    password: 'a sentence that only I know',
    groupIds: [ADMINISTRATORS_GROUP_ID],
  });
  const done = await replay(documented(), 'docs/trusted-documents.md', {
    DOCUMENT_ID: (reader) => reader.newest('documents', '0', 'id'),
  });
  expect(done).toEqual({ operations: 4, mails: 0 });
});
