import { attributeList, type AttributeSettings } from './attribute-list.ts';
import { duration, flag } from './kinds.ts';
import { fixed, setting } from './setting.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

export const users = {
  attributes: setting<readonly AttributeSettings[]>({
    kind: attributeList,
    env: 'USER_ATTRIBUTES',
    byDefault: fixed<readonly AttributeSettings[]>([], 'none'),
    description:
      'Custom attributes of users, at most 32: name, type, who sees, sets and filters by them; docs/attributes.md has the fields. No rule ever reads them.',
  }),
  accountDeletion: setting({
    kind: flag,
    env: 'ACCOUNT_DELETION',
    byDefault: fixed(false),
    description: 'People may delete their own accounts.',
  }),
  emailChangeTtlSeconds: setting({
    kind: duration(5 * MINUTE, 7 * DAY),
    env: 'EMAIL_CHANGE_TTL',
    byDefault: fixed(HOUR, '`1h`'),
    description: 'Life of the link that makes a new address count.',
  }),
};
