import { TransportFailure } from './message-transport.ts';

interface SmtpError {
  readonly code: string;
  readonly responseCode: number | null;
  readonly response: string;
  readonly command: string;
}

const read = (error: unknown): SmtpError => {
  const field = (name: string): unknown =>
    typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
  const code = field('code');
  const responseCode = field('responseCode');
  const response = field('response');
  const command = field('command');
  return {
    code: typeof code === 'string' ? code : '',
    responseCode: typeof responseCode === 'number' ? responseCode : null,
    response: typeof response === 'string' ? response : '',
    command: typeof command === 'string' ? command : '',
  };
};

/** What happened before the server could say anything, or instead of it. */
const SILENT: Readonly<Record<string, string>> = {
  ETIMEDOUT: 'The mail server did not answer in time.',
  ECONNECTION: 'The mail server cannot be reached.',
  ESOCKET: 'The connection to the mail server failed.',
  EDNS: 'The name of the mail server is not known.',
  ETLS: 'The mail server cannot speak TLS, or its certificate is not trusted.',
  EAUTH: 'The mail server refused user name or password.',
  ENOAUTH: 'The mail server refused user name or password.',
  EPROTOCOL: 'The mail server said something that is not SMTP.',
};

/** Refusals of one recipient or one content. A refused sender or sign-in is a setting of ours, which can be put right. */
const ABOUT_THE_MESSAGE = new Set(['EENVELOPE', 'EMESSAGE']);

/** Puts an error of the SMTP client into words; keeps the server's own answer, which tells an operator most. */
export const smtpFailure = (error: unknown, isAborted: boolean): TransportFailure => {
  if (error instanceof TransportFailure) return error;
  if (isAborted) return new TransportFailure('The mail server did not answer in time.');
  const { code, responseCode, response, command } = read(error);
  const isAboutUs = command === 'MAIL FROM';
  const isRefusal = ABOUT_THE_MESSAGE.has(code) && !isAboutUs && responseCode !== null && responseCode >= 500;
  if (isRefusal) return new TransportFailure(`The mail server refused the message: ${response}`, true);
  const silent = SILENT[code] ?? 'The mail server did not take the message.';
  return new TransportFailure(response === '' ? silent : `${silent} It said: ${response}`);
};
