import { auditActions } from '../events/audit-actions.ts';
import { markdownTable } from './markdown-table.ts';

const TEXT = `# The audit log

This page is generated from \`src/events/audit-actions.ts\` and \`src/explain/audit-markdown.ts\`; run \`npm run docs:emit\` after a change.

Every change writes its line, its event and itself in one transaction. A line says who did what to what, for whom, from where and
with which result: \`auditEvents\` and \`auditEvent\` read it, \`exportAuditEvents\` takes it away. Who holds \`view:audit\` sees all lines;
everybody else sees those about themselves: they did it, an API key of theirs or somebody acting as them did it, or it was done to
them. Of what another person did they do not see that person's address, user agent and request, nor the \`reason\`; nor can they
filter by them.

## Append-only

\`audit_events\` is partitioned by month. What names or locates people (labels, address, user agent, values of changes) lies beside it
in \`audit_personal_values\`. Triggers refuse every UPDATE, DELETE and TRUNCATE of both, in every partition, for every role, except

- **sealing**: the columns of the chain go from null to a value, once, and nothing else changes;
- **erasing**: the values of a row become null and its salt empty, together. \`erase_audit_personal_values\` does it for a person;
- dropping a month as a whole (\`AUDIT_RETENTION_MONTHS\`), which \`audit.retention-applied\` records.

A superuser can switch triggers off. The chain finds what they did.

## Chain and checkpoints

A job of one replica at a time seals committed lines every ten seconds: each gets the next place and the SHA-256 of the hash before
it, of all its columns and of a commitment to its personal values. The commitment is the hash of a random salt and the values: while
they are there it proves them, once they are erased it tells nothing, and the chain is as whole as before. The order is that of
sealing, so a transaction that commits late is sealed late, and none is passed over.

Every \`AUDIT_CHECKPOINT_INTERVAL\`, and when the server stops, the end of the chain is signed with the active signing key (JWS, type
\`gatehouse-audit-checkpoint\`). Public keys stay in \`signing_keys\` after they retire. Rows that retention removed are vouched for by
signed checkpoints that say from which place to which.

\`npm run cli -- verify-audit\` computes everything anew, in batches of constant size and beside a running server, and names the first
thing that is wrong: a line that was changed, inserted, deleted or moved, a personal value that was changed, a chain that was
computed anew, lines missing at the end. A signing key counts only if its private half opens under the master keys, which the
database does not hold. It prints the end of the chain; kept elsewhere and given back as \`--expect place:hash\`, it proves that not
even the holder of the master keys rewrote what lay before. Exit status 1: tampered with.

What it cannot find: lines removed behind the last checkpoint by somebody who also puts the noted end back, and the difference
between a person erased and values destroyed by a superuser (both are counted as erased; \`user.erased\` says which were meant).

## Exports

\`exportAuditEvents\` and \`exportUserData\` write a file in the background, in chunks that are stored in the database together with the
place where the next one begins: any replica goes on with what another one left, and serves it. The rows are those that the caller
may see when they ask. A job that fails three times ends as FAILED; asking for the same again names it as \`previous\`. The file is
served at \`GET /exports/<id>\` to the session or API key that asked, while its owner holds the permission, until \`EXPORT_TTL\` is over;
each time is recorded. In CSV (RFC 4180), cells that a spreadsheet would take for a formula begin with an apostrophe.

## Erasing a person

\`eraseUser\` deletes the account under the guards of \`deleteUsers\` and takes away, in the same transaction, what else names the person:

| table | what happens |
|---|---|
| users, identifiers, credentials, external_identities, memberships, organization_members, sessions, devices, one_time_tokens, verifications, invitations, messages, api_keys, action_links, export_jobs, export_chunks | rows of the account go with it |
| messages, verifications, action_links, reset_requests | rows to an address of the person that belong to no account are deleted |
| idempotency_keys | answers kept for the person are deleted |
| approval_requests | requests by the person, and those that name them, are deleted |
| impersonations | reason and ticket become empty; who took part is forgotten |
| audit_personal_values | erased for lines that the person did, that were done for them, to them, or to what belonged to them |
| export_jobs, export_chunks | files about the person, and files of audit events, are withdrawn; whoever asks for one meanwhile waits until the person is erased |
| audit_events, outbox_events, webhooks, webhook_deliveries, groups, organizations | hold ids only |

Reasons that people type are part of the sealed line and stay; they must not name anybody.

## Refused attempts

A mutation that somebody signed in may not do (FORBIDDEN) leaves a line \`operation.denied\` with result DENIED: operation and missing
permissions, none of the input. Whoever asks without end leaves ten lines in ten minutes, the next of which says in \`suppressed\` how
many more there were; one replica writes at most a thousand in ten minutes. Refused queries, callers who are not signed in and
refusals that a step-up cures are counted by \`/metrics\` only. Wrong passwords, second factors, passkeys, sent codes, links that sign in and
tokens of issuers have lines of their own; tokens to refresh, to set a password or to accept an invitation, which nobody guesses, have none.

## Actions

Besides what its action names, any line can carry \`impersonationId\`, \`approvalRequestId\`, \`approvedById\` and \`breakGlassReason\`: how it came to
be done.
`;

/** The text of docs/audit.md. */
export const auditMarkdown = (): string => `${TEXT}
${markdownTable(
  ['action', 'when', 'target', 'metadata'],
  Object.entries(auditActions).map(([action, { when, target, metadata }]) => [
    `\`${action}\``,
    when,
    target ?? '',
    metadata.map((key) => `\`${key}\``).join(', '),
  ]),
)}
`;
