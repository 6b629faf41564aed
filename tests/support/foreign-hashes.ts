/** The password behind `FOREIGN`. */
export const FOREIGN_PASSWORD = 'violet kiln by the harbour';

/** Cheap hashes of one password as other systems write them, of every kind that can be imported. */
export const FOREIGN: readonly { readonly name: string; readonly kind: string; readonly text: string }[] = [
  {
    name: 'bcrypt $2a$',
    kind: 'bcrypt',
    text: '$2a$04$Bv2rNCrYYVgFjoUyu7Jf9uTmv7z.sdfgqPJODJ7QlWTTQ1fhqWvMa',
  },
  {
    name: 'bcrypt $2b$',
    kind: 'bcrypt',
    text: '$2b$04$Bv2rNCrYYVgFjoUyu7Jf9uTmv7z.sdfgqPJODJ7QlWTTQ1fhqWvMa',
  },
  {
    name: 'bcrypt $2y$',
    kind: 'bcrypt',
    text: '$2y$04$Bv2rNCrYYVgFjoUyu7Jf9uTmv7z.sdfgqPJODJ7QlWTTQ1fhqWvMa',
  },
  {
    name: 'bcrypt of cost 10',
    kind: 'bcrypt',
    text: '$2b$10$Bv2rNCrYYVgFjoUyu7Jf9u07PaXufrOc4E181KhOs830x3WCEKvvS',
  },
  {
    name: 'passlib PBKDF2-SHA256',
    kind: 'PBKDF2',
    text: '$pbkdf2-sha256$1000$Dx4tPEtaaXiHlqW0w9Lh/w$6m0XEGEO6fik5T4K6Wt/XLTYGCXua0/mla7CsW6Gc8I',
  },
  {
    name: 'PHC PBKDF2-SHA512',
    kind: 'PBKDF2',
    text: '$pbkdf2-sha512$i=1000,l=64$Dx4tPEtaaXiHlqW0w9Lh/w$RZkhJsIsmIiJgsydYSsnH8H+tBHFJ6Q9aX6HtcLKLKjDCI5i0hL0bk5P9suv6RYpC5irxb5TsqhrdifYCTeg4g',
  },
  {
    name: 'PHC PBKDF2-SHA1',
    kind: 'PBKDF2',
    text: '$pbkdf2-sha1$i=1000$Dx4tPEtaaXiHlqW0w9Lh/w$NsO2yysMrMR0oAw3YDywaO9p5Vs',
  },
  {
    name: 'Django PBKDF2',
    kind: 'PBKDF2',
    text: 'pbkdf2_sha256$1000$q9sJ2xkfa0$S1GPlEKPU+ZxA/iBbTn0/rtJZ+WvLkHhnJhH0jozDEw=',
  },
  {
    name: 'passlib scrypt',
    kind: 'scrypt',
    text: '$scrypt$ln=10,r=8,p=1$Dx4tPEtaaXiHlqW0w9Lh/w$vnPGcD1E1izSQtuTt5lWVdRRm8If8VAZ6OfL4PRUvLk',
  },
  {
    name: 'Django scrypt',
    kind: 'scrypt',
    text: 'scrypt$1024$q9sJ2xkfa0$8$2$8h4RaPLkne0KqJaX7r2sQ8TapJT7oOFVg6riuAxTIP00/M9C+ocMhxCtofVu2eNVm5iIhBxrafo5cNolHtSvDQ==',
  },
  {
    name: 'LDAP SSHA256',
    kind: 'salted SHA-2',
    text: '{SSHA256}R1n4/muAWOfw9GNxGXIt3EYetkNhFgYrHlr10oK5md8PHi08S1ppeIeWpbTD0uH/',
  },
  {
    name: 'LDAP SSHA512',
    kind: 'salted SHA-2',
    text: '{SSHA512}U9If3qnsmi84tOTdtObnfdupo1u8BptLay8/bVdZA0mhCUjyYUxX1VFlOtr6zgQ3mnsS4URQIEjDA8zM3yb1HA8eLTxLWml4h5altMPS4f8=',
  },
  {
    name: 'SHA-256, salt first',
    kind: 'salted SHA-2',
    text: '$sha256$pepperless$30b50c1331ba5dfbc754cd84baeba68f6c09e22507a43b6bd483bd2fae1a211d',
  },
  {
    name: 'SHA-512, salt first',
    kind: 'salted SHA-2',
    text: '$sha512$pepperless$c62ee30c38eae39c8bfe110fdd2d5e3eb786b7b395aeed3a773530b0229c70830a6872a6256d3f9b5dc30be6d9fb0e2fa0441445afd219e171684e7d422fcf9d',
  },
  {
    name: 'argon2i',
    kind: 'argon2',
    text: '$argon2i$v=19$m=512,p=2,t=3$Dx4tPEtaaXiHlqW0w9Lh/w$BXnhj1DFddEPMraXHL5q2i3fyFwn/d68czlQHt0LOqU',
  },
  {
    name: 'argon2d',
    kind: 'argon2',
    text: '$argon2d$v=19$m=512,p=2,t=3$Dx4tPEtaaXiHlqW0w9Lh/w$zYtoJDWrnodTs3puEq6Fj/Qyj97HiwcZoORUZZBQhkI',
  },
  {
    name: 'argon2id of other parameters',
    kind: 'argon2',
    text: '$argon2id$v=19$m=512,p=2,t=3$Dx4tPEtaaXiHlqW0w9Lh/w$huf4+VbOneIWn/jqSg4aINJWJCgT26nJRPYN3cPckdc',
  },
  {
    name: 'argon2i of version 16',
    kind: 'argon2',
    text: '$argon2i$v=16$m=512,p=1,t=3$Dx4tPEtaaXiHlqW0w9Lh/w$FtK4OOIDMsKQ13Jw/kL8Lmmi0aBHLJWV6f1fVfahCfY',
  },
];
