import { buildSchema, type GraphQLSchema, isObjectType, validateSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { SchemaForDocument, type SubjectInput } from '../../../generated/client/graphql.ts';
import { constrain, disable } from './people.ts';
import { makeGroup, signIn } from '../../support/cast.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';
import { makeKey } from './keys.ts';

const app = useTestApp();
const cast = useCast(app);

const sdlFor = async (client: TestClient, as?: SubjectInput): Promise<string> => {
  const { data, errors } = await client.send(SchemaForDocument, as === undefined ? {} : { as });
  expect(errors).toEqual([]);
  return data.schemaFor ?? '';
};

const schemaFor = async (client: TestClient, as?: SubjectInput): Promise<GraphQLSchema> => {
  const schema = buildSchema(await sdlFor(client, as));
  expect(validateSchema(schema)).toEqual([]);
  return schema;
};

const fieldsOf = (schema: GraphQLSchema, type: string): readonly string[] => {
  const found = schema.getType(type);
  return isObjectType(found) ? Object.keys(found.getFields()) : [];
};

describe('schemaFor', () => {
  test('has for a member what concerns oneself, and nothing of administration', async () => {
    const schema = await schemaFor(cast().member);
    expect(fieldsOf(schema, 'Query')).toEqual(expect.arrayContaining(['viewer', 'user', 'users', 'explainPermission']));
    expect(fieldsOf(schema, 'Query')).not.toContain('groups');
    expect(fieldsOf(schema, 'Query')).not.toContain('_entities');
    expect(fieldsOf(schema, 'Mutation')).toContain('changePassword');
    expect(fieldsOf(schema, 'Mutation')).not.toContain('createUser');
    expect(fieldsOf(schema, 'User')).toEqual(expect.arrayContaining(['mfa', 'groups']));
    expect(fieldsOf(schema, 'User')).not.toContain('statusReason');
    for (const gone of ['CreateUserInput', 'CreateUserPayload', 'GroupConnection', 'GroupFilter', 'MailDelivery']) {
      expect([gone, schema.getType(gone)]).toEqual([gone, undefined]);
    }
  });

  test('has for an administrator what the permissions cover, and not what is protected', async () => {
    const admin = await schemaFor(await holderOf(app(), ['admin:*']));
    expect(fieldsOf(admin, 'Mutation')).toEqual(expect.arrayContaining(['createUser', 'setGroupPermissions']));
    expect(fieldsOf(admin, 'Mutation')).not.toContain('rotateSigningKey');
    const master = await schemaFor(await holderOf(app(), ['rotate:signing-keys']));
    expect(fieldsOf(master, 'Mutation')).toContain('rotateSigningKey');
  });

  test('has for nobody, and for whoever is not active, what is open to anyone', async () => {
    const { admin } = cast();
    const id = await somebody(app());
    await disable(app(), id);
    const nobody = await sdlFor(admin, { anonymous: true });
    expect(await sdlFor(admin, { userId: id })).toBe(nobody);
    const schema = buildSchema(nobody);
    expect(fieldsOf(schema, 'Query')).toEqual(expect.arrayContaining(['viewer', 'health', 'passwordPolicy']));
    expect(fieldsOf(schema, 'Query')).not.toContain('users');
    expect(fieldsOf(schema, 'Mutation')).toContain('signIn');
    expect(fieldsOf(schema, 'Mutation')).not.toContain('signOut');
  });

  test('has for a key what keys can do with what it carries', async () => {
    const { support, admin } = cast();
    const key = await makeKey(app(), support.id, ['view:groups']);
    const other = await makeKey(app(), support.id, ['view:mail']);
    const schema = await schemaFor(key.client);
    expect(fieldsOf(schema, 'Query')).toContain('groups');
    expect(fieldsOf(schema, 'Query')).not.toContain('mailDeliveries');
    expect(fieldsOf(schema, 'Mutation')).not.toContain('changePassword');
    // Two keys of one owner share the version of the owner's permissions.
    expect(fieldsOf(await schemaFor(other.client), 'Query')).toContain('mailDeliveries');
    expect(fieldsOf(await schemaFor(admin, { apiKeyId: key.id }), 'Query')).toContain('groups');
  });

  test('lets every document pass that needs only what the subject has, and no other', async () => {
    const { support, anonymous } = cast();
    const schema = await schemaFor(support);
    const queries = fieldsOf(schema, 'Query');
    const documents = [
      'groups { totalCount }',
      'mailDeliveries { totalCount }',
      'health { status }',
      'users { totalCount }',
    ];
    for (const one of documents) {
      const name = one.split(' ')[0] ?? '';
      expect([one, queries.includes(name)]).toEqual([one, (await support.run(`{ ${one} }`)).code === 'OK']);
    }
    expect((await anonymous.send(SchemaForDocument, {})).code).toBe('UNAUTHENTICATED');
  });

  test('is the same text until the permissions change, and another one at once when they do', async () => {
    const groupId = await makeGroup(app(), unique('changing'), ['view:mail']);
    const id = await somebody(app(), [groupId]);
    const { admin } = cast();
    const before = await sdlFor(admin, { userId: id });
    expect(await sdlFor(admin, { userId: id })).toBe(before);
    expect(before).toContain('mailDeliveries');
    await app().database.query(`update group_grants set action = 'view', resource = 'stats' where group_id = $1`, [
      groupId,
    ]);
    await constrain(app(), groupId, []);
    expect(await sdlFor(admin, { userId: id })).not.toContain('mailDeliveries');
  });

  test('does not change with the hour or the address, which decide later', async () => {
    const groupId = await makeGroup(app(), unique('elsewhere'), ['view:mail']);
    await constrain(app(), groupId, [{ kind: 'NETWORKS', networks: ['10.9.0.0/16'] }]);
    const id = await somebody(app(), [groupId]);
    expect(await sdlFor(cast().admin, { userId: id })).toContain('mailDeliveries');
  });

  test('is about others for holders of view:groups who may see them', async () => {
    const { member, admin, reader } = cast();
    const blind = await holderOf(app(), ['view:groups']);
    const code = async (client: TestClient, as: SubjectInput) => (await client.send(SchemaForDocument, { as })).code;
    expect(await code(member, { userId: admin.id })).toBe('FORBIDDEN');
    expect(await code(member, { anonymous: true })).toBe('FORBIDDEN');
    expect(await code(member, { userId: member.id })).toBe('OK');
    expect(await code(blind, { userId: admin.id })).toBe('NOT_FOUND');
    expect(await code(reader, { userId: admin.id })).toBe('OK');
    expect(await code(admin, {})).toBe('BAD_USER_INPUT');
  });

  test('another session of the same person gets the same', async () => {
    const { member } = cast();
    const again = await signIn(app(), member.email);
    expect(await sdlFor(again)).toBe(await sdlFor(member));
  });
});
