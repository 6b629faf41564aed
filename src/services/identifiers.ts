import { domainToASCII } from 'node:url';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import * as z from 'zod';
import type { Problem, UserErrorCode } from '../errors.ts';
import type { IdentifierKind } from '../vocabulary.ts';
import { isOneScript } from './username-skeleton.ts';

/** An identifier as it is shown and as it is compared. */
export interface NormalisedIdentifier {
  readonly kind: IdentifierKind;
  /** As typed, blanks around it removed. */
  readonly shown: string;
  /** What is stored for comparison: equal for everything that a person would call the same. */
  readonly value: string;
}

/** RFC 5321 section 4.5.3.1.3 allows 254 octets for an address in a command. */
const MAXIMUM_EMAIL_LENGTH = 254;
const USERNAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{1,30}[\p{L}\p{N}]$/u;
const emailForm = z.email();

/** A domain as the name system knows it (RFC 5891): `münchen.example` and `xn--mnchen-3ya.example` are one. */
const asciiDomain = (domain: string): string =>
  // The parser also decodes percent signs, which are no part of any domain.
  /^\p{ASCII}*$/u.test(domain) || domain.includes('%') ? domain : domainToASCII(domain);

/** Addresses are compared without regard to case, in both parts: no provider in use tells two people apart by case. */
const email = (text: string): NormalisedIdentifier | null => {
  if (text.length > MAXIMUM_EMAIL_LENGTH * 2) return null;
  const shown = text.trim().normalize('NFKC');
  const at = shown.lastIndexOf('@') + 1;
  const ascii = shown.slice(0, at) + asciiDomain(shown.slice(at));
  const valid = ascii.length <= MAXIMUM_EMAIL_LENGTH && emailForm.safeParse(ascii).success;
  return valid ? { kind: 'EMAIL', shown, value: ascii.toLowerCase() } : null;
};

/** E.164; a number without country code names different people in different countries. */
const phone = (text: string): NormalisedIdentifier | null => {
  if (text.length > 40 || !text.trim().startsWith('+')) return null;
  const parsed = parsePhoneNumberFromString(text.trim());
  return parsed?.isValid() === true ? { kind: 'PHONE', shown: parsed.number, value: parsed.number } : null;
};

/** 3 to 32 letters, digits, `.`, `_` or `-`; begins and ends with a letter or digit; never looks like an address or number. */
const username = (text: string): NormalisedIdentifier | null => {
  if (text.length > MAXIMUM_EMAIL_LENGTH) return null;
  const shown = text.trim().normalize('NFKC');
  return USERNAME.test(shown) ? { kind: 'USERNAME', shown, value: shown.toLowerCase() } : null;
};

const readers: Readonly<Record<IdentifierKind, (text: string) => NormalisedIdentifier | null>> = {
  EMAIL: email,
  PHONE: phone,
  USERNAME: username,
};

const invalid: Readonly<Record<IdentifierKind, UserErrorCode>> = {
  EMAIL: 'INVALID_EMAIL',
  PHONE: 'INVALID_PHONE',
  USERNAME: 'INVALID_USERNAME',
};

const inUse: Readonly<Record<IdentifierKind, UserErrorCode>> = {
  EMAIL: 'EMAIL_IN_USE',
  PHONE: 'PHONE_IN_USE',
  USERNAME: 'USERNAME_IN_USE',
};

/** Reads one identifier; a problem with its code when it is none of that kind. */
export const readIdentifier = (
  kind: IdentifierKind,
  text: string,
): { readonly identifier: NormalisedIdentifier } | { readonly problem: Problem } => {
  const identifier = readers[kind](text);
  const isMixed = identifier?.kind === 'USERNAME' && !isOneScript(identifier.shown);
  return identifier === null || isMixed
    ? { problem: { code: invalid[kind], field: [kind.toLowerCase()] } }
    : { identifier };
};

/** The problem of an identifier that belongs to somebody else. */
export const identifierInUse = (kind: IdentifierKind): Problem => ({ code: inUse[kind], field: [kind.toLowerCase()] });

/** What somebody typed into a sign-in form may name: the kinds exclude each other, so at most one. */
export const identifierTyped = (text: string): NormalisedIdentifier | null => {
  if (text.length > MAXIMUM_EMAIL_LENGTH) return null;
  return text.includes('@') ? email(text) : (phone(text) ?? username(text));
};
