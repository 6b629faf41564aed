const MAXIMUM = 300;

/** What a server may quote back to us: addresses of pages, tokens, codes in brackets of their own. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\bhttps?:\/\/\S+/gi, '[link]'],
  [/\bgh[a-z]_\w+/g, '[token]'],
];

// eslint-disable-next-line no-control-regex -- control characters are what is looked for: a line break would forge log lines
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** A foreign text as one short line without links, tokens and the given secrets. */
export const failureText = (text: string, secrets: readonly string[] = []): string => {
  let clean = text.replaceAll(CONTROL, ' ');
  // the longest first: one may be a part of another
  const known = secrets.filter((one) => one.length >= 4).toSorted((left, right) => right.length - left.length);
  for (const secret of known) clean = clean.replaceAll(secret, '[secret]');
  for (const [pattern, instead] of SECRETS) clean = clean.replaceAll(pattern, instead);
  const line = clean.replaceAll(/\s+/g, ' ').trim();
  return line.length <= MAXIMUM ? line : `${line.slice(0, MAXIMUM - 1)}…`;
};
