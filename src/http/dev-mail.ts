import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { isLoopbackHost } from '../config/addresses.ts';
import type { Config } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { CapturedInbox, CapturedMessage } from '../messages/captured-inbox.ts';
import { isLocalClient } from './client-address.ts';
import { escapeHtml, linkedHtml } from './html.ts';

/** What `/dev/mail` needs. */
export interface DevMailOptions {
  readonly inbox: CapturedInbox;
  readonly config: Config;
}

const POLICY =
  "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A mail as mail programs show it: no script, no form, no file of others. Its links open beside it. */
const MAIL_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; " +
  'sandbox allow-popups allow-popups-to-escape-sandbox';

const STYLE = `:root { color-scheme: light dark; --line: #8884; --quiet: #707985; --here: #1f5fbf; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; }
a { color: var(--here); overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { :root { --here: #8ab8ff; --quiet: #9aa4b0; } }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--quiet); font-weight: 500; }
.quiet { color: var(--quiet); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0 0 1rem; }
dt { color: var(--quiet); } dd { margin: 0; }
.both { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 1.5rem; }
@media (max-width: 56rem) { .both { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 40rem) {
  body { padding: 1rem; } thead { display: none; }
  tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td { display: block; padding: 0; border: 0; overflow-wrap: anywhere; }
}
iframe { width: 100%; height: 44rem; border: 1px solid var(--line); border-radius: 6px; background: #fff; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: 6px; padding: 1rem; margin: 0; }
h2 { font-size: 1rem; color: var(--quiet); font-weight: 500; margin: 0 0 .5rem; }`;

const page = (title: string, body: string, head = ''): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="/dev/mail.css">${head}
</head>
<body>
${body}
</body>
</html>
`;

const timeOf = ({ capturedAt }: CapturedMessage): string => capturedAt.toISOString().slice(0, 19).replace('T', ' ');

const row = (message: CapturedMessage): string => `<tr>
<td class="quiet">${timeOf(message)}</td>
<td>${escapeHtml(message.recipient)}</td>
<td><a href="/dev/mail/${message.id}">${escapeHtml(message.subject)}</a></td>
<td class="quiet">${escapeHtml(message.template)}, ${escapeHtml(message.locale)}</td>
</tr>`;

const listPage = (messages: readonly CapturedMessage[]): string => {
  const rows = messages.toReversed().map((message) => row(message));
  const table = `<table>
<thead><tr><th>Time (UTC)</th><th>To</th><th>Subject</th><th>Kind</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`;
  const body = `<h1>Captured messages</h1>
<p class="quiet">Nothing leaves this machine. The latest are kept in memory, until the server stops; the list is read again every ten seconds.</p>
${rows.length === 0 ? '<p>None yet.</p>' : table}`;
  return page('Captured messages', body, '\n<meta http-equiv="refresh" content="10">');
};

const messagePage = (message: CapturedMessage): string => {
  const { subject, recipient, template, locale, channel, id, text, html } = message;
  const facts = [
    ['To', recipient],
    ['Time (UTC)', timeOf(message)],
    ['Kind', `${template}, ${locale}, ${channel}`],
  ].map(([name = '', value = '']) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`);
  const frame = `<div><h2>HTML</h2>
<iframe src="/dev/mail/${id}/html" title="The mail" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe></div>`;
  return page(
    subject,
    `<p><a href="/dev/mail">All messages</a></p>
<h1>${escapeHtml(subject)}</h1>
<dl>${facts.join('')}</dl>
<div class="both">${html === null ? '' : frame}
<div><h2>Text</h2><pre>${linkedHtml(text)}</pre></div></div>`,
  );
};

/**
 * A page of another site whose name was made to lead here would be let in as a client on this machine: the name that the browser
 * asked for tells it apart (DNS rebinding).
 */
const isAskedByOwnName = (request: FastifyRequest, baseUrl: string): boolean =>
  isLoopbackHost(request.hostname) || request.host === new URL(baseUrl).host;

const found = (inbox: CapturedInbox, id: string): CapturedMessage => {
  const message = inbox.find(id);
  if (message === null)
    throw new Failure('NOT_FOUND', 'There is no such message; the latest are kept only until the server stops.');
  return message;
};

const sendPage = (reply: FastifyReply, html: string): FastifyReply => reply.type('text/html; charset=utf-8').send(html);

/**
 * The captured messages of development: `/dev/mail` for people, `/dev/mail.json` for programs. Codes and links can be read here, so
 * it answers clients on this machine only, and exists only where messages are captured.
 */
export const devMailRoutes: FastifyPluginAsync<DevMailOptions> = async (app, { inbox, config }) => {
  app.addHook('onRequest', async (request, reply) => {
    if (!isLocalClient(request) || !isAskedByOwnName(request, config.server.baseUrl)) {
      throw new Failure('FORBIDDEN', 'Captured messages are shown to this machine only.');
    }
    void reply.header('content-security-policy', POLICY);
  });

  app.get('/dev/mail', async (_request, reply) => sendPage(reply, listPage(inbox.messages)));

  app.get('/dev/mail.json', async () => inbox.messages);

  app.get('/dev/mail.css', async (_request, reply) => reply.type('text/css; charset=utf-8').send(STYLE));

  app.get<{ Params: { id: string } }>('/dev/mail/:id', async (request, reply) =>
    sendPage(reply, messagePage(found(inbox, request.params.id))),
  );

  app.get<{ Params: { id: string } }>('/dev/mail/:id/html', async (request, reply) => {
    const { html } = found(inbox, request.params.id);
    if (html === null) throw new Failure('NOT_FOUND', 'A text message has no other form.');
    void reply.header('content-security-policy', MAIL_POLICY);
    return sendPage(reply, html);
  });
};
