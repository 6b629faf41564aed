/** Every kind of message, with the values that its text needs beside those of all messages. */
export interface MessageVariables {
  /** Set-up link of an account made by an administrator; `groupNames` as one text, `Members, Support`. */
  readonly invite: { readonly link: string; readonly expiresAt: string; readonly groupNames?: string };
  /** Link of an invitation into an organization, to a new account or an existing one; `groupNames` as one text. */
  readonly 'organization-invite': {
    readonly link: string;
    readonly expiresAt: string;
    readonly organizationName: string;
    readonly groupNames: string;
  };
  /** Link to a new password. */
  readonly reset: { readonly link: string; readonly expiresAt: string };
  /** One-time code; `purpose` is a `VerificationPurpose`. */
  readonly code: { readonly code: string; readonly purpose: string; readonly expiresAt: string };
  /** Link that signs in once. */
  readonly 'sign-in-link': { readonly link: string; readonly expiresAt: string };
  /** To the new address: link that makes it count. */
  readonly 'email-change': { readonly link: string; readonly expiresAt: string };
  /** To the old address: it does not count any more. */
  readonly 'email-changed': { readonly newEmail: string };
  /** Somebody tried to sign up with an address that has an account. */
  readonly 'sign-up-known': Readonly<Record<string, never>>;
  /** A sign-in from a device that was not seen before. */
  readonly 'new-device': SeenFrom;
  /** A rotated refresh token came back: its session was ended. */
  readonly 'session-reuse': SeenFrom;
  readonly 'password-changed': SeenFrom;
  /** A second factor was added or removed; `change` says which. */
  readonly 'mfa-changed': SeenFrom & { readonly change: string };
  /** Something that lets somebody in or act beside a second factor was added or removed; `change` says which. */
  readonly 'access-changed': SeenFrom & { readonly change: string };
  readonly 'account-deleted': Readonly<Record<string, never>>;
  /** Somebody began to act as the person; `mode` is an `ImpersonationMode`. */
  readonly 'impersonation-notice': {
    readonly actor: string;
    readonly mode: string;
    readonly at: string;
    readonly expiresAt: string;
  };
  /** Shows that the settings of mail work. */
  readonly test: Readonly<Record<string, never>>;
}

interface SeenFrom {
  readonly device: string;
  readonly ipAddress: string;
  readonly at: string;
}

export type MessageTemplate = keyof MessageVariables;

const LINK = (page: string): string => `https://id.example.org/account/${page}#token=ght_example`;
const EXPIRES = '2026-03-01T17:30:00Z';
const SEEN = { device: 'Firefox on Linux', ipAddress: '192.0.2.7', at: '2026-03-01T16:45:00Z' };

/**
 * Every kind of message, with values as they could be: for previews, for the check of an operator's templates, and for tests. Each
 * has a template `<name>.html` and `<name>.txt`.
 */
export const sampleVariables: { readonly [Template in MessageTemplate]: MessageVariables[Template] } = {
  invite: { link: LINK('invite'), expiresAt: EXPIRES, groupNames: 'Members, Support' },
  'organization-invite': {
    link: LINK('invite'),
    expiresAt: EXPIRES,
    organizationName: 'Acme North',
    groupNames: 'Editors, Support',
  },
  reset: { link: LINK('reset'), expiresAt: EXPIRES },
  code: { code: '493817', purpose: 'SIGN_IN', expiresAt: EXPIRES },
  'sign-in-link': { link: LINK('sign-in'), expiresAt: EXPIRES },
  'email-change': { link: LINK('email-change'), expiresAt: EXPIRES },
  'email-changed': { newEmail: 'ada.lovelace@example.net' },
  'sign-up-known': {},
  'new-device': SEEN,
  'session-reuse': SEEN,
  'password-changed': SEEN,
  'mfa-changed': { ...SEEN, change: 'TOTP_ENABLED' },
  'access-changed': { ...SEEN, change: 'IDENTITY_LINKED' },
  'account-deleted': {},
  'impersonation-notice': {
    actor: 'Grace Hopper',
    mode: 'READ_ONLY',
    at: SEEN.at,
    expiresAt: EXPIRES,
  },
  test: {},
};

export const templateNames = Object.keys(sampleVariables) as readonly MessageTemplate[];

export const isMessageTemplate = (name: string): name is MessageTemplate => Object.hasOwn(sampleVariables, name);
