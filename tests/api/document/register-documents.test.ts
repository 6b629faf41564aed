import { describe, expect, test } from 'vitest';
import { databaseState } from '../../support/database-state.ts';
import {
  disable,
  documentIdOf,
  documentNamed,
  hashOf,
  register,
  registered,
  runById,
  type ShownDocument,
  statementsWithin,
} from '../../support/documents.ts';
import { holderOf, useCast } from '../../support/holder.ts';
import { recording } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const cast = useCast(app);

const texts = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => documentNamed(`${name}${index}`));

describe('registerDocuments', () => {
  test('keeps the texts, by the hash of each, and says which were new', async () => {
    const text = 'query Who($id: ID!) { user(id: $id) { id } }';
    const { documents, newCount, errors } = await register(cast().admin, [text], 'shop');
    expect([newCount, errors]).toEqual([1, []]);
    expect(documents).toEqual([
      {
        id: expect.any(String) as string,
        documentId: documentIdOf(text),
        operationName: 'Who',
        text,
        clientName: 'shop',
        enabled: true,
        useCount: 0,
        lastUsedAt: null,
        registeredAt: app().clock.now().toISOString(),
      },
    ]);
  });

  test('takes the hash alone, and each document once, in the order in which they came', async () => {
    const [a = '', b = ''] = texts('Once', 2);
    const given = [{ documentId: hashOf(b), text: b }, a, b, { documentId: hashOf(a), text: a }];
    const { documents, newCount } = await register(cast().admin, given);
    expect([newCount, documents.map(({ text }) => text)]).toEqual([2, [b, a]]);
  });

  test('repeated changes and records nothing; switched off, a document is on again', async () => {
    const text = documentNamed('Again');
    const [[made], first] = await recording(app(), () => registered(cast().admin, text));
    expect(first.audit).toMatchObject([
      {
        action: 'document.registered',
        actor_id: cast().admin.id,
        target_type: 'TrustedDocument',
        target_id: made?.id,
        metadata: { documentId: documentIdOf(text) },
      },
    ]);
    const [again, repeated] = await recording(app(), () => register(cast().admin, [text]));
    expect([again.newCount, again.documents, repeated.audit]).toEqual([0, [made], []]);
    await disable(cast().admin, [made?.id ?? '']);
    const [enabled, third] = await recording(app(), () => register(cast().admin, [text]));
    expect([enabled.newCount, enabled.documents]).toEqual([0, [made]]);
    expect(third.audit.map(({ action }) => action)).toEqual(['document.registered']);
  });

  test('by another client gives a document to all', async () => {
    const text = documentNamed('Shared');
    const clientNames = [];
    for (const name of ['web', 'web', 'mobile', 'web']) {
      const { documents } = await register(cast().admin, [text], name);
      clientNames.push(documents[0]?.clientName);
    }
    expect(clientNames).toEqual(['web', 'web', null, null]);
  });

  test('is one statement for all rows', async () => {
    const one = await statementsWithin(app(), () => register(cast().admin, texts('One', 1)));
    const many = await statementsWithin(app(), () => register(cast().admin, texts('Many', 40)));
    expect(many).toEqual(one);
    // The session, the lock, the rows, the audit log.
    expect(one).toHaveLength(4);
  });

  test.each<[string, string, string]>([
    ['broken', 'query {', 'Syntax Error'],
    ['of unknown fields', '{ everything }', 'Cannot query field "everything"'],
    ['of nothing that runs', 'type Query { a: Int }', 'not executable'],
    [
      'deeper than a request',
      `{ viewer { user ${'{ groups { members { nodes '.repeat(6)} { id } ${'} } }'.repeat(6)} } }`,
      '',
    ],
    [
      'of too many aliases',
      `{ health { ${Array.from({ length: 31 }, (_, n) => `a${n}: status`).join(' ')} } }`,
      '31 aliases',
    ],
    [
      'that tries two passwords',
      '{ a: tokenStatus(token: "a") { state } b: tokenStatus(token: "b") { state } }',
      'credential',
    ],
    ['longer than a request', `{ health { ${'status '.repeat(6000)} } }`, ''],
  ])('refuses a document %s', async (_what, text, message) => {
    const { errors } = await register(cast().admin, [documentNamed('Sound'), text]);
    expect(errors).toMatchObject([{ code: 'INVALID_DOCUMENT', field: ['documents', '1', 'text'] }]);
    expect(errors[0]?.message).toContain(message);
  });

  test.each([
    ['the id of another text', documentIdOf('{ other }')],
    ['upper case', documentIdOf('{ health { status } }').toUpperCase()],
    ['another method', `md5:${hashOf('{ health { status } }')}`],
    ['nothing', ''],
  ])('refuses %s as an id', async (_what, documentId) => {
    const { errors } = await register(cast().admin, [{ documentId, text: '{ health { status } }' }]);
    expect(errors).toMatchObject([{ code: 'DOCUMENT_HASH_MISMATCH', field: ['documents', '0', 'documentId'] }]);
  });

  test('is all or nothing, and tells of each that is wrong', async () => {
    const before = await databaseState(app());
    const { documents, newCount, errors } = await register(
      cast().admin,
      [documentNamed('Sound'), '{ a }', { documentId: '00', text: '{ health { status } }' }],
      'x'.repeat(101),
    );
    expect([documents, newCount]).toEqual([[], 0]);
    expect(errors.map(({ code, field }) => [code, field?.join('.')])).toEqual([
      ['TOO_LONG', 'clientName'],
      ['INVALID_DOCUMENT', 'documents.1.text'],
      ['DOCUMENT_HASH_MISMATCH', 'documents.2.documentId'],
    ]);
    expect(await databaseState(app())).toEqual(before);
  });

  test('takes 1 to 500', async () => {
    expect((await register(cast().admin, [])).errors).toMatchObject([{ code: 'REQUIRED', field: ['documents'] }]);
    const many = texts('Full', 501);
    expect((await register(cast().admin, many)).errors).toMatchObject([
      { code: 'TOO_MANY_ITEMS', field: ['documents'] },
    ]);
    expect((await register(cast().admin, many.slice(1))).newCount).toBe(500);
  });

  test('of the same documents a hundred times at once makes each once, and records it once', async () => {
    const wanted = texts('Parallel', 5);
    const turned = (by: number): readonly string[] => [...wanted.slice(by), ...wanted.slice(0, by)];
    const [answers, { audit }] = await recording(app(), () =>
      Promise.all(Array.from({ length: 100 }, (_, index) => register(cast().admin, turned(index % 5)))),
    );
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    expect(answers.reduce((sum, { newCount = 0 }) => sum + newCount, 0)).toBe(5);
    expect(new Set(answers.flatMap(({ documents }) => documents.map(({ id }) => id))).size).toBe(5);
    expect(audit).toHaveLength(5);
  });

  test('needs its permission; a key may hold it', async () => {
    const viewer = await holderOf(app(), ['view:documents']);
    await expect(register(viewer, [documentNamed('Denied')])).rejects.toThrow('FORBIDDEN');
    await expect(disable(viewer, [])).rejects.toThrow('FORBIDDEN');
    const registrar = await holderOf(app(), ['view:documents', 'register:documents']);
    expect((await register(registrar, [documentNamed('Allowed')])).newCount).toBe(1);
  });
});

describe('disableDocuments', () => {
  test('switches them off, so that nobody can run them, and records those that were on', async () => {
    const [a, b] = await registered(cast().admin, ...texts('Off', 2));
    if (a === undefined || b === undefined) throw new Error('Nothing was registered.');
    expect((await runById(cast().anonymous, a.text)).code).toBe('OK');
    await disable(cast().admin, [a.id]);
    const [{ documents, errors }, { audit }] = await recording(app(), () =>
      disable(cast().admin, [b.id, a.id, b.id.toUpperCase()]),
    );
    expect([documents, errors]).toEqual([[off(b), off(a)], []]);
    expect(audit).toMatchObject([{ action: 'document.disabled', target_id: b.id }]);
    for (const { text } of [a, b]) {
      expect((await runById(cast().anonymous, text)).code).toBe('PERSISTED_DOCUMENT_NOT_FOUND');
    }
  });

  test('is all or none', async () => {
    const [made] = await registered(cast().admin, documentNamed('Kept'));
    const missing = ['00000000-0000-7000-8000-000000000000', 'no id'];
    for (const id of missing) {
      const { documents, errors } = await disable(cast().admin, [made?.id ?? '', id]);
      expect([documents, errors]).toMatchObject([[], [{ code: 'TARGET_NOT_FOUND', targetId: id, field: ['ids'] }]]);
    }
    expect((await runById(cast().anonymous, made?.text ?? '')).code).toBe('OK');
    expect((await disable(cast().admin, [])).errors).toMatchObject([{ code: 'REQUIRED' }]);
    expect((await disable(cast().admin, Array<string>(501).fill('x'))).errors).toMatchObject([
      { code: 'TOO_MANY_ITEMS' },
    ]);
  });
});

const off = (document: ShownDocument): unknown => ({
  ...document,
  enabled: false,
  useCount: expect.any(Number) as number,
  lastUsedAt: document.lastUsedAt,
});
