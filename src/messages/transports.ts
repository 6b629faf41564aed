import type { Config } from '../config/config.ts';
import type { CapturedInbox } from './captured-inbox.ts';
import { HttpMailService } from './http-mail-service.ts';
import type { MessageTransport, Transports } from './message-transport.ts';
import { SmsGateway } from './sms-gateway.ts';
import { SmtpTransport } from './smtp-transport.ts';

const mailTransport = ({ mail }: Config, inbox: CapturedInbox): MessageTransport | null => {
  if (mail.transport === 'inbox') return inbox;
  if (mail.transport === 'http' && mail.serviceUrl !== null) {
    return new HttpMailService({ url: mail.serviceUrl, token: mail.serviceToken });
  }
  const { smtpHost: host, smtpFrom: from } = mail;
  if (mail.transport !== 'smtp' || host === null || from === null) return null;
  return new SmtpTransport({
    host,
    port: mail.smtpPort,
    tls: mail.smtpTls,
    username: mail.smtpUsername,
    password: mail.smtpPassword,
    from: { address: from, name: mail.smtpFromName },
  });
};

const smsTransport = ({ mail }: Config, inbox: CapturedInbox): MessageTransport | null => {
  if (mail.smsTransport === 'inbox') return inbox;
  if (mail.smsTransport === 'none' || mail.smsGatewayUrl === null) return null;
  return new SmsGateway({ url: mail.smsGatewayUrl, token: mail.smsGatewayToken });
};

/** The ways out that the settings name. */
export const createTransports = (config: Config, inbox: CapturedInbox): Transports => ({
  EMAIL: mailTransport(config, inbox),
  SMS: smsTransport(config, inbox),
});
