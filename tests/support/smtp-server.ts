import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';

/** A certificate of its own maker for `localhost` and 127.0.0.1, and its key; for tests alone. */
export const testCertificate = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUaGBJW4/iRJE6VdLCgBBLWR934UIwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTE0MDg1MFoYDzIxMjYxMDI4
MTQwODUwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAT8cYVV4dLQGhoXPN90CQbWCYmFCWNhk9R2pCPr2mv8LUCRCtqVWFsw
A0+Dnl7F8MO5uHR+Zdd3z9D1AwqjR18eo28wbTAdBgNVHQ4EFgQUCAtREJtFDZkw
3oatIoi6/rSNvL0wHwYDVR0jBBgwFoAUCAtREJtFDZkw3oatIoi6/rSNvL0wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAJ2V4RWBiPjoX10Y5Cz3uXV12lYmvsXzSo98oWZcRAIdAiBJ
U0qYCqdNAdaacPF2LT90LC1UiVerISbZJ5GPZNbMmg==
-----END CERTIFICATE-----`;
export const testKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglip2Yp6/PY/pWIdA
/2xpLJVPxQwgEBBuf1Xl2dRqovehRANCAAT8cYVV4dLQGhoXPN90CQbWCYmFCWNh
k9R2pCPr2mv8LUCRCtqVWFswA0+Dnl7F8MO5uHR+Zdd3z9D1AwqjR18e
-----END PRIVATE KEY-----`;

/** What a server was given: the envelope, and the mail read by a parser of its own. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly user: string | null;
  readonly raw: string;
  readonly mail: Email;
}

export interface RunningSmtpServer {
  readonly port: number;
  readonly received: readonly ReceivedMail[];
  /** How many clients connected. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

const keep = async (stream: Readable, session: SMTPServerSession, received: ReceivedMail[]): Promise<void> => {
  const raw = await buffer(stream);
  const { mailFrom, rcptTo } = session.envelope;
  received.push({
    from: mailFrom === false ? '' : mailFrom.address,
    to: rcptTo.map(({ address }) => address),
    secure: session.secure,
    user: typeof session.user === 'string' ? session.user : null,
    raw: raw.toString('utf8'),
    mail: await PostalMime.parse(raw),
  });
};

/** A real SMTP server on a free port of this machine. It takes everything unless `options` say otherwise. */
export const startSmtpServer = async (options: SMTPServerOptions = {}): Promise<RunningSmtpServer> => {
  const received: ReceivedMail[] = [];
  let connections = 0;
  const server = new SMTPServer({
    key: testKey,
    cert: testCertificate,
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    onConnect: (_session, done) => {
      connections += 1;
      done();
    },
    onData: (stream, session, done) => {
      void keep(stream, session, received).finally(done);
    },
    ...options,
  });
  server.on('error', () => undefined); // clients that leave in the middle are part of the tests
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    connections: () => connections,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};
