import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { Context } from '../context.ts';
import type { UserErrorCode } from '../errors.ts';
import type { NetworkLimits } from './network-limits.ts';

type Resolve = GraphQLFieldResolver<unknown, Context>;

/** Outcomes of a wrong guess. Others (a weak password, a missing field) are mistakes of people. */
const GUESSES: ReadonlySet<UserErrorCode> = new Set<UserErrorCode>([
  'INVALID_CREDENTIALS',
  'CURRENT_PASSWORD_INCORRECT',
  'TOKEN_INVALID',
  'TOKEN_USED',
  'REFRESH_TOKEN_REUSED',
  'CODE_INVALID',
  'CODE_ATTEMPTS_EXCEEDED',
  'MFA_CODE_INVALID',
  'MFA_AUTH_FAILED',
  'PASSKEY_INVALID',
  'SUBJECT_TOKEN_INVALID',
  'CAPTCHA_REQUIRED',
]);

interface Answer {
  readonly errors?: readonly { readonly code: UserErrorCode }[];
  /** Of tokenStatus: null when the token is unknown. */
  readonly kind?: string | null;
  readonly state?: string;
}

const isGuess = (answer: unknown): boolean => {
  if (typeof answer !== 'object' || answer === null) return false;
  const { errors, kind, state } = answer as Answer;
  return errors?.some(({ code }) => GUESSES.has(code)) ?? (state === 'USED' && kind === null);
};

type Kind = 'credential' | 'message' | 'question';

/** What keeps people signed in has a budget of its own. */
const REFRESH = 'Mutation.refreshSession';

const limited =
  (resolve: Resolve, limits: NetworkLimits, kind: Kind, coordinate: string): Resolve =>
  async (parent, args, context, info) => {
    const { ipAddress } = context.caller;
    const run = async (): Promise<unknown> => resolve(parent, args, context, info);
    if (coordinate === REFRESH) return limits.refreshed(ipAddress, run, isGuess);
    if (kind === 'credential') return limits.tried(ipAddress, run, isGuess);
    await (kind === 'message' ? limits.requested(ipAddress) : limits.begun(ipAddress));
    return run();
  };

/** Puts the limits by network around root fields, given as coordinates; the schema is changed in place. */
export const limitFields = (
  schema: GraphQLSchema,
  fields: Readonly<Record<Kind, readonly string[]>>,
  limits: NetworkLimits,
): void => {
  for (const kind of ['credential', 'message', 'question'] as const) {
    for (const coordinate of fields[kind]) {
      const [typeName, name = ''] = coordinate.split('.');
      const type = [schema.getQueryType(), schema.getMutationType()].find((one) => one?.name === typeName);
      const field = type?.getFields()[name];
      if (field === undefined) throw new Error(`${coordinate} is not in the schema.`);
      field.resolve = limited((field.resolve ?? defaultFieldResolver) as Resolve, limits, kind, coordinate) as never;
    }
  }
};
