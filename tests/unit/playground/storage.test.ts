import { describe, expect, test } from 'vitest';
import { examples, setUpExample } from '../../../playground/examples.ts';
import { linkedExample, openingTabs } from '../../../playground/opening-tabs.ts';
import { redactDocument } from '../../../playground/redaction.ts';
import { SecretlessStorage, type Store, tabsKey } from '../../../playground/storage.ts';

class Disk implements Store {
  readonly items = new Map<string, string>();
  getItem = (key: string): string | null => this.items.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.items.set(key, value);
  removeItem = (key: string): void => void this.items.delete(key);
}

const everything = (disk: Disk): string => JSON.stringify([...disk.items]);
const blank = { id: '1', hash: 'query|hunter2|', title: 'T', query: '{ viewer { user { id } } }', operationName: null };
const tab = (over: Record<string, unknown>): Record<string, unknown> => ({
  ...blank,
  variables: null,
  headers: null,
  response: null,
  ...over,
});
const titles = (state: ReturnType<typeof openingTabs>): string[] => state.tabs.map(({ title }) => title);

describe('a document loses its secrets before it is stored', () => {
  test.each([
    ['mutation { signIn(input: { identifier: "a@b.c", password: "hunter2" }) { step } }', '"a@b.c"'],
    [
      'mutation { setPasswordWithToken(input: {token:"hunter2",newPassword:"hunter2"}) { step } }',
      'setPasswordWithToken',
    ],
    ['mutation { setUpFirstAdmin(input: { setupToken: """hunter2""", displayName: "Ada" }) { step } }', '"Ada"'],
    ['mutation ($p: String = "hunter2") { signIn(input: { password: $p }) { step } }', '$p: String'],
    ['mutation ($x: [String!]! = ["hunter2", "hunter2"]) { a(b: $x) }', '$x'],
    ['mutation { a(recoveryCodes: ["1", "hunter2"], name: "kept") }', '"kept"'],
    ['mutation { a(password # note\n : "hunter2") }', '# note'],
    ['# password: "hunter2"\n{ viewer { user { id } } }', 'viewer'],
    ['{ viewer { user { id } } } # { "email": "a@b.c", "newPassword" : "hunter2" }', 'viewer'],
    ['mutation { apiKeyLogin(apiKey: "hunter2") }', 'apiKeyLogin'],
  ])('%s', (query, kept) => {
    const redacted = redactDocument(query);
    expect(redacted).not.toContain('hunter2');
    expect(redacted).toContain(kept);
  });

  test('numbers typed for a secret go too', () => {
    expect(redactDocument('mutation { a(mfaCode: 123456, first: 25) }')).toBe('mutation { a(mfaCode: "", first: 25) }');
  });

  test.each(['mutation { signIn(input: { password: "hunter2', 'hunter2 "', '{ a(b: "\\x") }', '{ ü }'])(
    'what cannot be read is not kept: %s',
    (query) => {
      expect(redactDocument(query)).toBeNull();
    },
  );

  test('the examples are stored as they are', () => {
    for (const { query } of [...examples, setUpExample('t')]) expect(redactDocument(query)).toBe(query);
  });
});

describe('the storage', () => {
  test('gives GraphiQL back what it stored and leaves no variables, headers or responses on disk', () => {
    const disk = new Disk();
    const storage = new SecretlessStorage(disk);
    const state = JSON.stringify({
      tabs: [tab({ variables: '{"p":"hunter2"}', headers: '{"authorization":"hunter2"}', response: 'hunter2' })],
      activeTabIndex: 0,
    });
    storage.setItem(tabsKey, state);
    storage.setItem('graphiql:variables', '{"p":"hunter2"}');
    storage.setItem('graphiql:headers', '{"authorization":"hunter2"}');
    storage.setItem('graphiql:query', 'mutation { signIn(input: { password: "hunter2" }) { step } }');
    expect(storage.getItem(tabsKey)).toBe(state);
    expect(storage.getItem('graphiql:variables')).toBe('{"p":"hunter2"}');
    expect(everything(disk)).not.toContain('hunter2');
    expect([...disk.items.keys()].toSorted()).toEqual(['graphiql:query', tabsKey].toSorted());
  });

  test('keeps the history without variables and headers', () => {
    const disk = new Disk();
    const storage = new SecretlessStorage(disk);
    const item = {
      query: '{ viewer { user { id } } }',
      variables: '{"p":"hunter2"}',
      headers: 'hunter2',
      operationName: 'Viewer',
      label: 'mine',
    };
    for (const key of ['queries', 'favorites']) {
      storage.setItem(`graphiql:${key}`, JSON.stringify({ [key]: [item, { query: 'mutation { a(token: "hunter2' }] }));
      expect(JSON.parse(disk.getItem(`graphiql:${key}`) ?? '')).toEqual({
        [key]: [{ query: item.query, operationName: 'Viewer', label: 'mine' }],
      });
    }
  });

  test('keeps what it does not know, or cannot read, in memory only', () => {
    const disk = new Disk();
    const storage = new SecretlessStorage(disk);
    storage.setItem('graphiql:somethingNew', 'hunter2');
    storage.setItem('elsewhere', 'hunter2');
    storage.setItem(tabsKey, 'hunter2 {');
    storage.setItem('graphiql:theme', '{"hunter2":"a bearer token"}');
    storage.setItem('graphiql:constructor', 'hunter2');
    expect(disk.items.size).toBe(0);
    expect(storage.getItem('graphiql:somethingNew')).toBe('hunter2');
  });

  test('a text that becomes unreadable takes its older form off the disk', () => {
    const disk = new Disk();
    const storage = new SecretlessStorage(disk);
    storage.setItem('graphiql:query', '{ a }');
    storage.setItem('graphiql:query', '{ a(password: "hunter2');
    expect(disk.items.size).toBe(0);
  });

  test('reads only its own keys, and works where the browser refuses storage', () => {
    const disk = new Disk();
    disk.setItem('graphiql:theme', 'dark');
    disk.setItem('graphiql:headers', '{"authorization":"left by another version"}');
    const storage = new SecretlessStorage(disk);
    expect(storage.getItem('graphiql:theme')).toBe('dark');
    expect(storage.getItem('graphiql:headers')).toBeNull();
    const none = new SecretlessStorage(null, { [tabsKey]: 'x' });
    none.setItem('graphiql:theme', 'dark');
    expect([none.getItem('graphiql:theme'), none.getItem(tabsKey), none.length]).toEqual(['dark', 'x', 2]);
    none.clear();
    expect(none.getItem(tabsKey)).toBeNull();
  });
});

describe('the opening tabs', () => {
  const fresh = (
    'SignIn Viewer Users CreateGroup CreateUser SignOut SignUp VerifySignUp RequestCode SignInByCode ' +
    'StartTotp ConfirmTotp CompleteMfa Passkeys Sessions AuditEventAdded'
  ).split(' ');

  test('are the examples at a first visit', () => {
    expect(titles(openingTabs(null, null))).toEqual(fresh);
    expect(openingTabs(null, null).tabs[0]?.variables).toContain('admin@example.com');
  });

  test.each(['', 'null', '{', '[]', '{"tabs":[]}', '{"tabs":[{"id":1}],"activeTabIndex":0}', '{"tabs":{}}'])(
    'are the examples when the stored ones are unusable: %s',
    (stored) => {
      expect(titles(openingTabs(stored, null))).toEqual(fresh);
    },
  );

  test('are those of the last visit, an unchanged example with its variables again', () => {
    const [signIn] = examples;
    const stored = JSON.stringify({
      tabs: [tab({ id: 'a', title: 'Mine' }), tab({ id: 'b', title: 'SignIn', query: signIn?.query })],
      activeTabIndex: 7,
    });
    const state = openingTabs(stored, null);
    expect(titles(state)).toEqual(['Mine', 'SignIn']);
    expect(state.activeTabIndex).toBe(1);
    expect(state.tabs.map(({ variables }) => variables)).toEqual([null, signIn?.variables]);
  });

  test('begin with the operation of a link, also over a former visit, and once only', () => {
    const linked = linkedExample('#setup=gts_one%2Btwo');
    const first = openingTabs(null, linked);
    expect(titles(first)).toEqual(['SetUpFirstAdmin', ...fresh]);
    expect(JSON.parse(first.tabs[0]?.variables ?? '')).toMatchObject({
      input: { setupToken: 'gts_one+two', password: '' },
    });
    const again = openingTabs(JSON.stringify(first), linkedExample('#setup=gts_second'));
    expect(titles(again)).toEqual(['SetUpFirstAdmin', ...fresh]);
    expect(again.tabs[0]?.variables).toContain('gts_second');
    const mine = { ...again, tabs: again.tabs.map((one, at) => (at === 0 ? tab({ ...one, query: '{ mine }' }) : one)) };
    const other = openingTabs(JSON.stringify(mine), linkedExample('#setup=third'));
    expect(titles(other)).toEqual(['SetUpFirstAdmin', 'SetUpFirstAdmin', ...fresh]);
    expect(new Set(other.tabs.map(({ id }) => id)).size).toBe(other.tabs.length);
    expect(JSON.stringify(other)).not.toContain('gts_second');
  });

  test.each(['', '#', '#setup=', '#setup', '#other=1', '#%E0%A4%A'])(
    'are not changed by the fragment %s',
    (fragment) => {
      expect(linkedExample(fragment)).toBeNull();
    },
  );

  test('take a token as text, whatever it holds', () => {
    const hostile = '"}} <script>alert(1)</script>';
    const linked = linkedExample(`#setup=${encodeURIComponent(hostile)}`);
    expect(JSON.parse(linked?.variables ?? '')).toMatchObject({ input: { setupToken: hostile, password: '' } });
    expect(linked?.query).not.toContain('script');
  });
});
