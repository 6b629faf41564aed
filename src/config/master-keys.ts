import * as z from 'zod';
import { Secret } from '../crypto/secret.ts';
import type { Kind, Raw } from './kinds.ts';

/** One generation of the master secret; `secret` is base64 of at least 32 bytes, input of HKDF, never used directly. */
export interface MasterKey {
  readonly version: number;
  readonly secret: Secret<string>;
}

const MINIMUM_BYTES = 32;
/** 32 random bytes hold fewer than 12 different ones less than once in 10^20 draws; typed or repeated text holds fewer. */
const MINIMUM_DIFFERENT_BYTES = 12;
const HOW_TO_MAKE = 'make one with: openssl rand -base64 32';

const entriesOf = (raw: Raw): readonly string[] =>
  (typeof raw === 'string' ? raw.split(/[\s,]+/) : raw.map((entry) => entry.trim())).filter((entry) => entry !== '');

/** What is wrong with the text of one key, without repeating any of it. */
const readEntry = (entry: string): MasterKey | string => {
  const [, version, encoded] = /^v([1-9]\d{0,5}):([A-Za-z0-9+/_-]+={0,2})$/.exec(entry) ?? [];
  if (version === undefined || encoded === undefined)
    return 'is not of the form v1:<base64>; put the version before the key';
  const key = Buffer.from(encoded, 'base64');
  if (key.length < MINIMUM_BYTES) return `has fewer than ${MINIMUM_BYTES} bytes; ${HOW_TO_MAKE}`;
  if (new Set(key).size < MINIMUM_DIFFERENT_BYTES) return `is not random; ${HOW_TO_MAKE}`;
  return { version: Number(version), secret: new Secret(key.toString('base64')) };
};

/** Keys newest first, so that the first one makes and the others only open what older versions made. */
export const masterKeys: Kind<readonly MasterKey[]> = {
  form: 'list of `v<number>:<base64 of 32 bytes or more>`, newest first',
  isSecret: true,
  empty: { value: [] },
  show: (keys) => (keys.length === 0 ? 'none' : keys.map((key) => `v${key.version}:${String(key.secret)}`).join(', ')),
  schema: z.custom<Raw>().transform((raw, context) => {
    const keys: MasterKey[] = [];
    const add = (message: string): void => context.addIssue({ code: 'custom', message });
    for (const [index, entry] of entriesOf(raw).entries()) {
      const key = readEntry(entry);
      if (typeof key === 'string') add(`key ${index + 1} ${key}`);
      else keys.push(key);
    }
    const inOrder = keys.every((key, index) => index === 0 || key.version < (keys[index - 1]?.version ?? 0));
    if (!inOrder) add('is not ordered newest first, or has a version twice; write v2:...,v1:...');
    return keys;
  }),
};
