import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  AddOrganizationDomainDocument,
  type AddOrganizationDomainInput,
  OrganizationDomainsDocument,
  RemoveOrganizationDomainDocument,
  SignInOptionsDocument,
  VerifyOrganizationDomainDocument,
} from '../../../generated/client/graphql.ts';
import { newId, type OrganizationDomainId, type OrganizationId } from '../../../src/ids.ts';
import { DnsDomainResolver } from '../../../src/services/domain-resolver.ts';
import type { Actor } from '../../support/cast.ts';
import { type DnsServer, startDnsServer } from '../../support/dns-server.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { holderWithin, makeOrganization, memberOf, problemsOf } from '../../support/organizations.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from '../providers/provider-settings.ts';

// Nobody is asked there: only whether it is configured matters.
const ISSUER = 'http://127.0.0.1:9/';
const SETTINGS = issuers(issuerEntry(ISSUER, { redirect: true, domains: ['settings.example'] }));

let dns: DnsServer;
let app: TestApp;
let admin: Actor;

beforeAll(async () => {
  dns = await startDnsServer();
  app = await startTestApp({ settings: SETTINGS, domainResolver: new DnsDomainResolver([dns.address]) });
  ({ admin } = await app.cast());
});
afterAll(async () => {
  await app.close();
  await dns.close();
});
beforeEach(() => {
  dns.silent = false;
});

const add = async (actor: Actor, input: AddOrganizationDomainInput) => {
  const answer = await actor.send(AddOrganizationDomainDocument, { input });
  const payload = answer.data?.addOrganizationDomain;
  return { ...answer, domain: payload?.domain ?? null, problems: problemsOf(payload?.errors) };
};
const verify = async (actor: Actor, id: string) => {
  const answer = await actor.send(VerifyOrganizationDomainDocument, { input: { id } });
  const payload = answer.data?.verifyOrganizationDomain;
  return { ...answer, domain: payload?.domain ?? null, problems: problemsOf(payload?.errors) };
};
const remove = async (actor: Actor, id: string) => {
  const answer = await actor.send(RemoveOrganizationDomainDocument, { input: { id } });
  const payload = answer.data?.removeOrganizationDomain;
  return { ...answer, removedId: payload?.removedDomainId, problems: problemsOf(payload?.errors) };
};
const routed = async (identifier: string) =>
  (await app.anonymous().send(SignInOptionsDocument, { identifier })).data?.signInOptions?.routedIssuer;

/** A claim whose record is published. */
const claimed = async (organizationId: OrganizationId, domain: string, issuer: string | null = null) => {
  const answer = await add(admin, { organizationId, domain, issuer });
  if (answer.domain === null) throw new Error(JSON.stringify(answer));
  const { dnsRecordName, dnsRecord } = answer.domain;
  dns.records.set(dnsRecordName, [...(dns.records.get(dnsRecordName) ?? []), [dnsRecord]]);
  return answer.domain;
};
const rowsOf = (domain: string) =>
  app.database.query<{ organization_id: string; verified: boolean }>(
    'select organization_id, verified_at is not null as verified from organization_domains where domain = $1',
    [domain],
  );

describe('addOrganizationDomain', () => {
  test('gives the record to publish; the domain is not proved yet', async () => {
    const organizationId = await makeOrganization(app);
    const { answer, audit, events } = await recording(app, () =>
      add(admin, { organizationId, domain: '  Bücher.Example ', issuer: ISSUER }),
    );
    expect([answer.problems, answer.domain]).toEqual([
      [],
      {
        id: expect.any(String),
        domain: 'xn--bcher-kva.example',
        dnsRecordName: '_gatehouse.xn--bcher-kva.example',
        dnsRecord: expect.stringMatching(/^gatehouse-domain=[0-9A-Za-z]{32}$/),
        verifiedAt: null,
        issuer: ISSUER,
      },
    ]);
    const id = answer.domain?.id;
    expect(audit).toMatchObject([
      {
        action: 'organization-domain.claimed',
        target: { type: 'OrganizationDomain', id, label: 'xn--bcher-kva.example' },
        metadata: { organizationId, issuer: ISSUER },
      },
    ]);
    const payload = { organizationId, domainId: id, domain: 'xn--bcher-kva.example', issuer: ISSUER };
    expect(events.map((event) => [event.type, event.payload])).toEqual([
      ['OrganizationDomainChanged', { ...payload, change: 'CLAIMED' }],
    ]);
  });

  test.each([
    ['nothing', ''],
    ['one label', 'localhost'],
    ['an IPv4 address', '192.0.2.1'],
    ['an IPv4 address in hexadecimal', '0x7f.1'],
    ['an IPv6 address', '[2001:db8::1]'],
    ['an address of somebody', 'ada@example.org'],
    ['a URL', 'https://example.org'],
    ['a path', 'example.org/path'],
    ['a port', 'example.org:80'],
    ['a wildcard', '*.example.org'],
    ['an encoded letter', 'ex%61mple.org'],
    ['a tab inside', 'exam\tple.org'],
    ['a final dot', 'example.org.'],
    ['a hyphen at an end', '-example.org'],
    ['a label of 64 characters', `${'a'.repeat(64)}.org`],
    ['254 characters', `${'a.'.repeat(126)}aa`],
  ])('refuses %s', async (_case, domain) => {
    const organizationId = await makeOrganization(app);
    const { answer, changed } = await changing(app, () => add(admin, { organizationId, domain }));
    expect([answer.problems, changed]).toEqual([[['INVALID_VALUE', 'domain', null]], []]);
    expect(await rowsOf(domain)).toEqual([]);
  });

  test('takes 253 characters', async () => {
    const organizationId = await makeOrganization(app);
    expect((await add(admin, { organizationId, domain: `${'a.'.repeat(126)}a` })).problems).toEqual([]);
  });

  test('refuses an issuer that is not configured, and a second claim of the same domain', async () => {
    const organizationId = await makeOrganization(app);
    const unknown = await add(admin, { organizationId, domain: 'unknown.example', issuer: 'https://evil.example' });
    expect(unknown.problems).toEqual([['UNKNOWN_ISSUER', 'issuer', null]]);
    expect((await add(admin, { organizationId, domain: 'twice.example' })).problems).toEqual([]);
    const again = await add(admin, { organizationId, domain: 'TWICE.example' });
    expect(again.problems).toEqual([['NAME_IN_USE', 'domain', null]]);
  });

  test('an organization claims 50 at most, however many requests ask at once', async () => {
    const organizationId = await makeOrganization(app);
    await app.database.query(
      `insert into organization_domains (id, organization_id, domain, proof, created_at)
       select gen_random_uuid(), $1, 'd' || n || '.full.example', 'p', now() from generate_series(1, 45) n`,
      [organizationId],
    );
    const answers = await inParallel(10, (index) => add(admin, { organizationId, domain: `n${index}.full.example` }));
    const problems = answers.flatMap((answer) => answer.problems);
    expect(problems).toEqual(Array.from({ length: 5 }, () => ['TOO_MANY_ITEMS', 'domain', null]));
    const { data } = await admin.send(OrganizationDomainsDocument, { id: organizationId });
    expect(data?.organization?.domains).toHaveLength(50);
  });

  test('whoever holds update:organizations there may; hidden organizations and missing ones are refused alike', async () => {
    const [own, foreign] = [await makeOrganization(app), await makeOrganization(app)];
    const below = await makeOrganization(app, { parentId: own });
    const holder = await holderWithin(app, own, ['update:organizations', 'view:organizations']);
    const reader = await holderWithin(app, own, ['view:organizations']);
    const domain = `${unique('place')}.example`;
    expect((await add(holder, { organizationId: below, domain })).problems).toEqual([]);
    expect((await add(reader, { organizationId: own, domain })).code).toBe('FORBIDDEN');
    for (const organizationId of [foreign, newId<OrganizationId>(), 'x']) {
      expect((await add(holder, { organizationId, domain })).problems).toEqual([
        ['TARGET_NOT_FOUND', 'organizationId', organizationId],
      ]);
    }
  });
});

describe('verifyOrganizationDomain', () => {
  test('finds the record, once; from then on nobody is asked', async () => {
    const organizationId = await makeOrganization(app);
    const { id, dnsRecordName } = await claimed(organizationId, 'proved.example');
    const { answer, audit, events } = await recording(app, () => verify(admin, id));
    expect([answer.problems, answer.domain?.verifiedAt]).toEqual([[], app.clock.now().toISOString()]);
    expect(audit.map(({ action }) => action)).toEqual(['organization-domain.proved']);
    expect(events.map(({ payload }) => payload['change'])).toEqual(['PROVED']);
    expect(dns.asked.filter((name) => name === dnsRecordName)).toHaveLength(1);
    dns.records.delete(dnsRecordName);
    const again = await recording(app, () => verify(admin, id));
    expect([again.answer.problems, again.answer.domain, again.audit]).toEqual([[], answer.domain, []]);
    expect(dns.asked.filter((name) => name === dnsRecordName)).toHaveLength(1);
  });

  test('reads a record that comes in pieces, among others', async () => {
    const { id, dnsRecordName, dnsRecord } = await claimed(await makeOrganization(app), 'pieces.example');
    dns.records.set(dnsRecordName, [['v=spf1 -all'], [dnsRecord.slice(0, 20), dnsRecord.slice(20)]]);
    expect((await verify(admin, id)).problems).toEqual([]);
  });

  test.each([
    ['no record', () => []],
    ['the record of another claim', () => [['gatehouse-domain=00000000000000000000000000000000']]],
    ['only a part of it', (record: string) => [[record.slice(0, -1)]]],
    ['more than it', (record: string) => [[`${record} `]]],
  ])('refuses %s', async (_case, records) => {
    const domain = await claimed(await makeOrganization(app), `${unique('wrong')}.example`);
    dns.records.set(domain.dnsRecordName, records(domain.dnsRecord));
    const { answer, audit } = await recording(app, () => verify(admin, domain.id));
    expect([answer.problems, answer.domain, audit]).toEqual([[['DOMAIN_NOT_VERIFIED', null, domain.id]], null, []]);
  });

  test('a name server that does not answer holds up one request for some seconds, and no other', async () => {
    const organizationId = await makeOrganization(app);
    const { id } = await claimed(organizationId, 'silent.example');
    dns.silent = true;
    const begun = performance.now();
    const waiting = verify(admin, id);
    const meanwhile = await add(admin, { organizationId, domain: 'meanwhile.example' });
    const meanwhileMs = performance.now() - begun;
    expect((await waiting).problems).toEqual([['DOMAIN_NOT_VERIFIED', null, id]]);
    expect(meanwhile.problems).toEqual([]);
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(meanwhileMs).toBeLessThan(2500);
  });

  test('of two organizations that prove the same domain at once, one wins', async () => {
    const organizations = [await makeOrganization(app), await makeOrganization(app)];
    const claims = await Promise.all(organizations.map((id) => claimed(id, 'contested.example')));
    const { answer: answers, audit } = await recording(app, () =>
      inParallel(20, (index) => verify(admin, claims[index % 2]?.id ?? '')),
    );
    const [winner] = answers.flatMap(({ domain }) => (domain === null ? [] : [domain.id]));
    const loser = claims.find(({ id }) => id !== winner)?.id ?? null;
    expect(answers.filter(({ domain }) => domain?.id === winner)).toHaveLength(10);
    expect(answers.flatMap(({ problems }) => problems)).toEqual(
      Array.from({ length: 10 }, () => ['DOMAIN_IN_USE', null, loser]),
    );
    expect(audit.map(({ target }) => target.id)).toEqual([winner]);
    expect((await rowsOf('contested.example')).filter(({ verified }) => verified)).toHaveLength(1);
    const third = await add(admin, { organizationId: await makeOrganization(app), domain: 'contested.example' });
    expect(third.problems).toEqual([['DOMAIN_IN_USE', 'domain', null]]);
  });

  test('hidden domains and missing ones are refused alike, and nobody is asked; seen ones need the permission', async () => {
    const [own, foreign] = [await makeOrganization(app), await makeOrganization(app)];
    const mine = await claimed(own, `${unique('mine')}.example`);
    const hidden = await claimed(foreign, `${unique('hidden')}.example`);
    const holder = await holderWithin(app, own, ['update:organizations']);
    const reader = await holderWithin(app, own, ['view:organizations']);
    const asked = dns.asked.length;
    for (const act of [verify, remove]) {
      for (const id of [hidden.id, newId<OrganizationDomainId>(), 'x']) {
        expect((await act(holder, id)).problems).toEqual([['TARGET_NOT_FOUND', 'id', id]]);
      }
      expect((await act(reader, mine.id)).code).toBe('FORBIDDEN');
    }
    expect(dns.asked).toHaveLength(asked);
    expect((await verify(holder, mine.id)).problems).toEqual([]);
  });
});

describe('removeOrganizationDomain', () => {
  test('gives the domain up, so that another organization can prove it; once', async () => {
    const first = await claimed(await makeOrganization(app), 'moving.example');
    const second = await claimed(await makeOrganization(app), 'moving.example');
    await verify(admin, first.id);
    expect((await verify(admin, second.id)).problems).toEqual([['DOMAIN_IN_USE', null, second.id]]);
    const { answer, audit, events } = await recording(app, () => inParallel(20, () => remove(admin, first.id)));
    expect(answer.filter(({ removedId }) => removedId === first.id)).toHaveLength(1);
    expect(answer.flatMap(({ problems }) => problems)).toHaveLength(19);
    expect(audit.map(({ action }) => action)).toEqual(['organization-domain.given-up']);
    expect(events.map(({ payload }) => payload['change'])).toEqual(['GIVEN_UP']);
    expect((await verify(admin, second.id)).problems).toEqual([]);
  });
});

describe('Organization.domains', () => {
  test('one statement for a page, by name; members see an organization without them', async () => {
    const organizationId = await makeOrganization(app);
    await claimed(organizationId, 'b.list.example');
    await claimed(organizationId, 'a.list.example');
    const { data } = await admin.send(OrganizationDomainsDocument, { id: organizationId });
    expect(data?.organization?.domains?.map(({ domain }) => domain)).toEqual(['a.list.example', 'b.list.example']);
    const page = (fields: string) => admin.run(`{ organizations(first: 100) { nodes { id ${fields} } } }`);
    const { statements: without } = await statementsOf(app, () => page(''));
    const { statements } = await statementsOf(app, () => page('domains { id }'));
    expect(statements - without).toBe(1);
    const member = await holderWithin(app, organizationId, []);
    const refused = await member.send(OrganizationDomainsDocument, { id: organizationId });
    expect(refused.code).toBe('FORBIDDEN');
  });
});

describe('SignInOptions.routedIssuer', () => {
  test('names the issuer of a proved domain, and of no other; whether there is an account makes no difference', async () => {
    const { id } = await claimed(await makeOrganization(app), 'routed.example', ISSUER);
    expect(await routed('ada@routed.example')).toBeNull();
    await verify(admin, id);
    const { email } = await memberOf(app);
    await app.database.query(`update identifiers set value = 'known@routed.example' where value = $1`, [email]);
    for (const identifier of ['known@routed.example', 'nobody@routed.example', ' X@ROUTED.example']) {
      expect(await routed(identifier)).toBe(ISSUER);
    }
    for (const identifier of ['x@sub.routed.example', 'routed.example', `${'x'.repeat(400)}@routed.example`]) {
      expect(await routed(identifier)).toBeNull();
    }
    const { statements: known } = await statementsOf(app, () => routed('known@routed.example'));
    const { statements: unknown } = await statementsOf(app, () => routed('nobody@routed.example'));
    const { statements: configured } = await statementsOf(app, () => routed('nobody@settings.example'));
    expect([known - configured, unknown - configured]).toEqual([1, 1]);
    await remove(admin, id);
    expect(await routed('known@routed.example')).toBeNull();
  });

  test('what the settings say of a domain comes first, and an issuer that they name no more is forgotten', async () => {
    const { id } = await claimed(await makeOrganization(app), 'forgotten.example', ISSUER);
    const own = await claimed(await makeOrganization(app), 'settings.example');
    for (const domainId of [id, own.id]) await verify(admin, domainId);
    expect(await routed('x@settings.example')).toBe(ISSUER);
    const later = await startTestApp({ beside: app });
    const answer = await later.anonymous().send(SignInOptionsDocument, { identifier: 'x@forgotten.example' });
    expect(answer.data?.signInOptions?.routedIssuer).toBeNull();
    await later.close();
  });
});
