import { errorCatalogue } from '../errors.ts';
import { markdownTable } from './markdown-table.ts';

const INTRODUCTION = `# Errors

This page is generated from the catalogue in \`src/errors.ts\`; change that, then run \`npm run docs:emit\`.

What goes wrong is told in one of two places.

- **Failures** are GraphQL errors: the field is null, and \`errors[].extensions.code\` says why. No form could have prevented
  them: not signed in, not allowed, not there, malformed, too much. Operations that were executed answer with HTTP status 200
  whatever their fields say; the status of the table is that of answers that fail before execution, and of the REST routes.
- **Outcomes** are what a form has to show: \`errors\` of a mutation's payload, several at once, each with \`code\`, a sentence
  in \`message\`, the input's \`field\`, and \`targetId\` where one of several ids is concerned. Everything else of the payload is
  null or empty then, unless its description says otherwise.

Branch on codes, never on messages: the words may change with any release, codes only with an announcement in the changelog.
Every answer carries \`x-request-id\`; \`INTERNAL_SERVER_ERROR\` repeats it as \`requestId\`, under which the log knows more.

Codes of the GraphQL server itself come besides these: \`BAD_REQUEST\` for bodies that cannot be read, \`GRAPHQL_PARSE_FAILED\` and
\`GRAPHQL_VALIDATION_FAILED\` for documents that are none or do not fit the schema, \`OPERATION_RESOLUTION_FAILURE\` for an
operation name that the document lacks.
`;

const entries = Object.entries(errorCatalogue);

const failures = (): string =>
  markdownTable(
    ['code', 'HTTP status', 'try again', 'meaning'],
    entries
      .filter(([, { surface }]) => surface === 'graphql')
      .map(([code, { status, retryable, meaning }]) => [
        `\`${code}\``,
        String(status),
        retryable ? 'yes' : 'no',
        meaning,
      ]),
  );

const outcomes = (): string =>
  markdownTable(
    ['code', 'meaning'],
    entries.filter(([, { surface }]) => surface === 'payload').map(([code, { meaning }]) => [`\`${code}\``, meaning]),
  );

/** The text of docs/errors.md. */
export const errorsMarkdown = (): string => `${INTRODUCTION}
## Failures (\`errors[].extensions.code\`)

"Try again" means that the same request can succeed later without any change.

${failures()}

## Outcomes (\`errors\` of payloads, enum \`UserErrorCode\`)

${outcomes()}
`;
