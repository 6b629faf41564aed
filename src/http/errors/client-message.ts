/**
 * graphql-js quotes the values it refuses: `got invalid value "hunter2"`. Messages travel into logs, traces and
 * screens of other people, so the values are taken out; names, types and positions stay (OWASP ASVS 16.2.5).
 */

const SUGGESTION = / ?Did you mean .+\?$/s;

/** Takes the schema's names back out of messages for callers who may not explore it. */
export const withoutSuggestion = (message: string): string => message.replace(SUGGESTION, '');

/** Reasons of refused values in which nothing but the schema's and the document's names is quoted. */
const NAMES_ONLY: readonly RegExp[] = [
  /^Expected non-nullable type "[\w![\]]+" not to be null\.$/,
  /^Field "\w+(?:\.\w+)?" of required type "[\w![\]]+" was not provided\.$/,
  /^Field "\w+" is not defined by type "\w+"\.(?: Did you mean .+\?)?$/s,
  /^Expected type "\w+" to be an object\.$/,
  /^Exactly one key must be specified for OneOf type "\w+"\.$/,
  /^OneOf Input Object "\w+" must specify exactly one key\.$/,
  /^Field "\w+(?:\.\w+)?" must be non-null\.$/,
];

/** Reasons that quote the value after a fixed beginning, which is all that is kept. */
const BEGINNINGS: readonly RegExp[] = [
  /^(?:Int|Float|String|Boolean|ID) cannot represent (?:an? )?[a-z0-9 -]+(?=:)/,
  /^Enum "\w+" cannot represent non-(?:string|enum) value(?=:)/,
  /^Expected type "[\w![\]]+"(?=\.)/,
  /^Expected value of type "[\w![\]]+"(?=, found )/,
];

const UNKNOWN_ENUM_VALUE = /^Value ".*" does not exist in "(\w+)" enum\./s;

const GENERIC_REASON = 'The value is not valid.';

const reasonWithoutValue = (reason: string): string | null => {
  if (NAMES_ONLY.some((form) => form.test(reason))) return reason;
  const enumName = UNKNOWN_ENUM_VALUE.exec(reason)?.[1];
  if (enumName !== undefined) return `The value does not exist in "${enumName}" enum.`;
  for (const beginning of BEGINNINGS) {
    const kept = beginning.exec(reason)?.[0];
    if (kept !== undefined) return `${kept}.`;
  }
  return null;
};

/** ` at "input.emails[0]"` at the end of a message; a value in front of it has its quotation marks escaped. */
const PATH = / at "(\w+(?:\.\w+|\[\d+\])+)"$/;

/**
 * A refused variable, in the form `Variable "$input" got an invalid value at "input.password"; <reason>`.
 * @param reason message of the refusal without its prefix, as graphql-js keeps it in `originalError`; null if unknown.
 */
export const variableMessage = (message: string, variable: string, reason: string | null): string => {
  if (!message.startsWith(`Variable "$${variable}" got invalid value `)) return message;
  const head = `Variable "$${variable}" got an invalid value`;
  if (reason === null || !message.endsWith(`; ${reason}`)) return `${head}.`;
  const path = PATH.exec(message.slice(0, -reason.length - 2))?.[1];
  const position = path?.startsWith(variable) === true ? ` at "${path}"` : '';
  return `${head}${position}; ${reasonWithoutValue(reason) ?? GENERIC_REASON}`;
};

/** Messages about the whole document, which have no node. */
const WHOLE_DOCUMENT = /^(?:Too many validation errors, error limit reached\. )?Validation aborted\.$/;

/** A message of validation that points at a literal or at nothing: only such may quote what a scalar was given. */
export const valueMessage = (message: string): string =>
  WHOLE_DOCUMENT.test(message) ? message : (reasonWithoutValue(message) ?? GENERIC_REASON);

const TOKEN_VALUE = /\b(Name|String|BlockString|Int|Float) ".*"/s;
const CHARACTERS = /^(Syntax Error: [^:"]+): .*$/s;

/** A message of the parser, without the token that it stopped at: a forgotten quotation mark bares a password. */
export const syntaxMessage = (message: string): string => message.replace(TOKEN_VALUE, '$1').replace(CHARACTERS, '$1.');

/** An argument that execution refused, as `$size: Int = 5` given as null where null is not allowed. */
export const argumentMessage = (message: string): string =>
  message.replace(/ has invalid value .*$/s, ' has an invalid value.');
