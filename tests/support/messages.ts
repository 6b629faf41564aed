import type { MessageId, UserId } from '../../src/ids.ts';
import type { CapturedMessage } from '../../src/messages/captured-inbox.ts';
import { openVariables } from '../../src/messages/sealed-variables.ts';
import type { TestApp } from './test-app.ts';
import { testMasterKeys } from './test-config.ts';

/** A message as it was written, its variables in clear text. */
export interface WrittenMessage {
  readonly id: MessageId;
  readonly template: string;
  readonly channel: string;
  readonly recipient: string;
  readonly locale: string;
  readonly userId: string | null;
  readonly state: string;
  readonly variables: Readonly<Record<string, string>>;
}

interface Row {
  readonly id: MessageId;
  readonly template: string;
  readonly channel: string;
  readonly recipient: string;
  readonly locale: string;
  readonly user_id: string | null;
  readonly state: string;
  readonly sealed_variables: string | null;
}

/** Every message gets these when it is put into words. */
const COMMON = new Set(['organizationName', 'userEmail', 'companyName', 'supportEmail', 'loginUrl']);

const writtenOf = (captured: CapturedMessage | null): Readonly<Record<string, string>> | null =>
  captured === null
    ? null
    : Object.fromEntries(Object.entries(captured.variables).filter(([name]) => !COMMON.has(name)));

/**
 * All messages to an address or number, oldest first: those that wait, out of the table, and those that were sent, with the
 * variables that the captured inbox of this app kept. Messages that another transport sent are not among them. Requests for reset links
 * are done before, which the answer to them does not wait for.
 */
export const messagesTo = async (app: TestApp, recipient: string): Promise<readonly WrittenMessage[]> => {
  await app.services.resetRequests.run();
  const rows = await app.database.query<Row>('select * from messages where recipient = $1 order by created_at, id', [
    recipient,
  ]);
  return rows.flatMap((row) => {
    const variables =
      row.sealed_variables === null
        ? writtenOf(app.services.inbox.find(row.id))
        : openVariables(testMasterKeys(), row.id, row.sealed_variables);
    if (variables === null) return [];
    const { id, template, channel, locale, state } = row;
    return [{ id, template, channel, recipient, locale, userId: row.user_id, state, variables }];
  });
};

const newestTo = async (app: TestApp, recipient: string, template: string): Promise<WrittenMessage | undefined> =>
  (await messagesTo(app, recipient)).findLast((one) => one.template === template);

/** The token in the fragment of the link of the newest message of a kind. */
export const linkTokenOf = async (app: TestApp, recipient: string, template: string): Promise<string> => {
  const message = await newestTo(app, recipient, template);
  const token = /#token=([^&]+)$/.exec(message?.variables['link'] ?? '')?.[1];
  if (token === undefined) throw new Error(`No ${template} message with a link went to ${recipient}.`);
  return token;
};

/** The newest one-time code that went to an address or number. */
export const codeTo = async (app: TestApp, recipient: string): Promise<string> => {
  const code = (await newestTo(app, recipient, 'code'))?.variables['code'];
  if (code === undefined) throw new Error(`No code went to ${recipient}.`);
  return code;
};

/** A mail with a link that the worker gave up. */
export const addFailedMail = async (
  app: TestApp,
  mail: { readonly recipient: string; readonly userId: UserId | null; readonly expiresAt?: Date },
): Promise<MessageId> => {
  const id = await app.database.transaction((em) =>
    app.services.messages.enqueue(em, {
      template: 'reset',
      recipient: mail.recipient,
      userId: mail.userId,
      userName: 'Ada',
      locale: 'en',
      variables: {
        link: `${app.config.server.baseUrl}/account/reset#token=ght_sesame`,
        expiresAt: '2026-03-01T17:30:00Z',
      },
      expiresAt: mail.expiresAt ?? null,
    }),
  );
  await app.database.query(
    `update messages set state = 'FAILED', failure = '451 try later', attempts = 16, next_attempt_at = null where id = $1`,
    [id],
  );
  return id;
};
