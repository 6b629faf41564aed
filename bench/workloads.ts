import { emailOf, PASSWORD } from './dataset.ts';
import { MEMBERS_GROUP_ID } from '../src/permissions/seeded-groups.ts';
import type { Answer, Lane, Request } from './load.ts';

type Headers = Readonly<Record<string, string>>;

/** Thrown by a lane: the figure of a wrong answer would be worth nothing. */
const refuse = (what: string, { status, text }: Answer): never => {
  throw new Error(`${what} answered ${status}: ${text.slice(0, 400)}`);
};

const post = (path: string, headers: Headers, body: object): Request => ({
  method: 'POST',
  path,
  headers,
  body: JSON.stringify(body),
});

const graphql = (query: string, variables: object, headers: Headers = {}): Request =>
  post('/graphql', headers, { query, variables });

/** The same request again and again; `holds` must be in each answer. */
const repeating = (name: string, request: Request, holds: string): Lane => ({
  next: () => request,
  took: (answer) => {
    if (answer.status !== 200 || !answer.text.includes(holds)) refuse(name, answer);
  },
});

let turn = 0;
/** Another number at each call, over all lanes. */
const nextNumber = (): number => (turn += 1);

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
const remembered = (token: string): Headers => ({ ...bearer(token), 'x-remember': '1' });

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export const tokensIn = (text: string): Tokens => {
  const access = /"accessToken":"([^"]+)"/.exec(text)?.[1];
  const refresh = /"refreshToken":"([^"]+)"/.exec(text)?.[1];
  if (access === undefined || refresh === undefined) throw new Error(`No tokens in ${text.slice(0, 400)}`);
  return { accessToken: access, refreshToken: refresh };
};

const SIGN_IN = `mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { step tokens { accessToken refreshToken } errors { code } }
}`;
const REFRESH = `mutation Refresh($input: RefreshSessionInput!) {
  refreshSession(input: $input) { tokens { accessToken refreshToken } errors { code } }
}`;
const VIEWER = `query Viewer { viewer { user { id email displayName status groups { name } } } }`;
const LIST = `query List($first: Int!) {
  users(first: $first, orderBy: { field: CREATED_AT, direction: ASC }) {
    nodes { id email displayName status groups { id name permissions { action resource } } }
  }
}`;
/** Lean Apollo's schema has the order as text; the work is the same. */
const LIST_OF_APOLLO = LIST.replace('CREATED_AT', '"CREATED_AT"').replace('ASC', '"ASC"');
const CREATE = `mutation Create($input: CreateUserInput!) {
  createUser(input: $input) { user { id email displayName status } setupLink errors { code } }
}`;

/** Signing in as each of the users in turn. */
const signingIn = (name: string, users: number, request: (email: string) => Request): Lane => ({
  next: () => request(emailOf(nextNumber() % users)),
  took: (answer) => {
    if (answer.status !== 200 || !answer.text.includes('"refreshToken":"')) refuse(name, answer);
  },
});

/** Each refresh presents the token that the one before it gave. */
const refreshing = (name: string, first: Tokens, request: (token: string) => Request): Lane => {
  let { refreshToken } = first;
  return {
    next: () => request(refreshToken),
    took: (answer) => {
      if (answer.status !== 200 || !answer.text.includes('"refreshToken":"')) refuse(name, answer);
      ({ refreshToken } = tokensIn(answer.text));
    },
  };
};

const creating = (name: string, request: (email: string) => Request): Lane => ({
  next: () => request(`made${nextNumber()}.${process.pid}@bench.example`),
  took: (answer) => {
    if (answer.status !== 200 || !answer.text.includes('INVITED')) refuse(name, answer);
  },
});

/** Requests to Gatehouse. */
export const gatehouse = {
  signInRequest: (email: string): Request =>
    graphql(SIGN_IN, { input: { identifier: email, password: PASSWORD, delivery: 'BODY' } }),
  signIn: (users: number): Lane => signingIn('signIn', users, gatehouse.signInRequest),
  refresh: (tokens: Tokens): Lane =>
    refreshing('refreshSession', tokens, (refreshToken) => graphql(REFRESH, { input: { refreshToken } })),
  viewer: (token: string): Lane => repeating('viewer', graphql(VIEWER, {}, bearer(token)), '"Bench '),
  list: (token: string): Lane => repeating('users', graphql(LIST, { first: 100 }, bearer(token)), '"Bench '),
  createUser: (token: string): Lane =>
    creating('createUser', (email) =>
      graphql(CREATE, { input: { email, displayName: 'Somebody', groupIds: [MEMBERS_GROUP_ID] } }, bearer(token)),
    ),
};

/** Requests to the floor. */
export const floor = {
  signInRequest: (email: string): Request => post('/sign-in', {}, { email, password: PASSWORD }),
  signIn: (users: number): Lane => signingIn('/sign-in', users, floor.signInRequest),
  refresh: (tokens: Tokens): Lane =>
    refreshing('/refresh', tokens, (refreshToken) => post('/refresh', {}, { refreshToken })),
  viewer: (token: string): Lane =>
    repeating('/viewer', { method: 'GET', path: '/viewer', headers: bearer(token) }, '"Bench '),
  viewerRemembered: (token: string): Lane =>
    repeating('/viewer', { method: 'GET', path: '/viewer', headers: remembered(token) }, '"Bench '),
  list: (token: string): Lane =>
    repeating('/users', { method: 'GET', path: '/users', headers: bearer(token) }, '"Bench '),
  createUser: (token: string): Lane =>
    creating('/users', (email) =>
      post('/users', bearer(token), { email, displayName: 'Somebody', groupId: MEMBERS_GROUP_ID }),
    ),
  createUserRemembered: (token: string): Lane =>
    creating('/users', (email) =>
      post('/users', remembered(token), { email, displayName: 'Somebody', groupId: MEMBERS_GROUP_ID }),
    ),
};

/** Requests to lean Apollo; its sessions are the floor's. */
export const apollo = {
  viewer: (token: string): Lane => repeating('Apollo viewer', graphql(VIEWER, {}, bearer(token)), '"Bench '),
  viewerRemembered: (token: string): Lane =>
    repeating('Apollo viewer', graphql(VIEWER, {}, remembered(token)), '"Bench '),
  list: (token: string): Lane =>
    repeating('Apollo users', graphql(LIST_OF_APOLLO, { first: 100 }, remembered(token)), '"Bench '),
};
