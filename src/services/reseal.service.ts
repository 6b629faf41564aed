import { needsResealing, open, seal } from '../crypto/envelope.ts';
import type { KeyLabel, MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import type { Recorder } from '../events/recorder.ts';
import type { CredentialId, MessageId, WebhookId } from '../ids.ts';
import { variablesContext } from '../messages/sealed-variables.ts';
import { webhookSecretContext } from '../webhooks/webhook-secret.ts';
import { systemOrigin } from './caller.ts';
import { totpContext } from './second-factor.service.ts';

/** A column that holds sealed values. Names are ours, never input. */
interface SealedColumn {
  readonly what: string;
  readonly label: KeyLabel;
  readonly table: string;
  readonly column: string;
  /** Column that the value is bound to, by which the rows are walked. */
  readonly key: string;
  readonly condition: string;
  context(key: string): string;
}

/** Every sealed value of the database. What is not here cannot be opened any more once its key is gone. */
export const sealedColumns: readonly SealedColumn[] = [
  {
    what: 'TOTP secrets',
    label: 'totp',
    table: 'credentials',
    column: 'secret',
    key: 'id',
    condition: `type in ('TOTP', 'TOTP_PENDING')`,
    context: (key) => totpContext(key as CredentialId),
  },
  {
    what: 'private signing keys',
    label: 'signing',
    table: 'signing_keys',
    column: 'sealed_private_jwk',
    key: 'kid',
    // Null: mounted from outside.
    condition: 'sealed_private_jwk is not null',
    context: (key) => key,
  },
  {
    what: 'marks of mounted signing keys',
    label: 'signing',
    table: 'signing_keys',
    column: 'sealed_public_jwk',
    key: 'kid',
    condition: 'sealed_public_jwk is not null',
    context: (key) => key,
  },
  {
    what: 'messages',
    label: 'message',
    table: 'messages',
    column: 'sealed_variables',
    key: 'id',
    condition: 'sealed_variables is not null',
    context: (key) => variablesContext(key as MessageId),
  },
  {
    what: 'webhook secrets',
    label: 'webhook',
    table: 'webhooks',
    column: 'sealed_secret',
    key: 'id',
    condition: 'sealed_secret is not null',
    context: (key) => webhookSecretContext(key as WebhookId),
  },
  {
    what: 'previous webhook secrets',
    label: 'webhook',
    table: 'webhooks',
    column: 'sealed_previous_secret',
    key: 'id',
    condition: 'sealed_previous_secret is not null',
    context: (key) => webhookSecretContext(key as WebhookId),
  },
];

/** Rows of one statement: few enough that no lock is held for long. */
const BATCH = 500;

interface Row {
  readonly key: string;
  readonly value: string;
}

export interface ResealedColumn {
  readonly what: string;
  /** Values under older keys that were found. */
  readonly outdated: number;
  /** Of those, sealed again now. */
  readonly resealed: number;
  /** Of those, impossible to open: altered, or under a key that is not held. */
  readonly unreadable: number;
}

/** What was derived from older keys and cannot be made anew by the server: it ends, or its owner renews it. */
export interface BoundToOlderKeys {
  readonly sessions: number;
  readonly recoveryCodes: number;
  readonly passwords: number;
}

export interface ResealReport {
  readonly version: number;
  readonly columns: readonly ResealedColumn[];
  readonly bound: BoundToOlderKeys;
}

/** Brings every sealed value under the current master key, so that an older one can be given up. */
export class ResealService {
  readonly #database: Database;
  readonly #masterKeys: MasterKeys;
  readonly #recorder: Recorder;

  constructor(parts: { database: Database; masterKeys: MasterKeys; recorder: Recorder }) {
    this.#database = parts.database;
    this.#masterKeys = parts.masterKeys;
    this.#recorder = parts.recorder;
  }

  /**
   * Seals what lies under older keys again, in batches; with `dryRun` only counts. Servers may run meanwhile, provided that
   * they hold the current key: a value that changes while it is looked at is left as the server made it. Can be run again after
   * an interruption.
   */
  async reseal(options: { readonly dryRun: boolean }): Promise<ResealReport> {
    const columns: ResealedColumn[] = [];
    for (const column of sealedColumns) columns.push(await this.#resealColumn(column, options.dryRun));
    const report = { version: this.#masterKeys.current, columns, bound: await this.#bound() };
    if (!options.dryRun && columns.some(({ resealed }) => resealed > 0)) await this.#record(report);
    return report;
  }

  async #resealColumn(column: SealedColumn, dryRun: boolean): Promise<ResealedColumn> {
    let [outdated, resealed, unreadable] = [0, 0, 0];
    for (let after: string | null = null, more = true; more;) {
      const rows: readonly Row[] = await this.#outdatedRows(column, after);
      const renewed = rows.map((row) => this.#renewed(column, row)).filter((one) => one !== null);
      outdated += rows.length;
      unreadable += rows.length - renewed.length;
      if (!dryRun) resealed += await this.#store(column, renewed);
      after = rows.at(-1)?.key ?? null;
      more = rows.length === BATCH;
    }
    return { what: column.what, outdated, resealed, unreadable };
  }

  async #outdatedRows({ table, column, key, condition }: SealedColumn, after: string | null): Promise<readonly Row[]> {
    return this.#database.query<Row>(
      `select ${key}::text as key, ${column} as value from ${table}
       where ${condition} and ${column} not like $1 and ($2::text is null or ${key}::text > $2)
       order by ${key}::text limit ${BATCH}`,
      [`v${this.#masterKeys.current}.%`, after],
    );
  }

  /** null: it cannot be opened. */
  #renewed(column: SealedColumn, row: Row): (Row & { readonly renewed: string }) | null {
    const context = column.context(row.key);
    try {
      if (!needsResealing(this.#masterKeys, row.value)) return null;
      const clear = open(this.#masterKeys, column.label, row.value, context);
      return { ...row, renewed: seal(this.#masterKeys, column.label, clear, context) };
    } catch {
      return null;
    }
  }

  /** Only where the value is still the one that was opened. */
  async #store(
    { table, column, key }: SealedColumn,
    rows: readonly (Row & { readonly renewed: string })[],
  ): Promise<number> {
    if (rows.length === 0) return 0;
    const stored = await this.#database.query(
      `update ${table} t set ${column} = n.renewed
       from unnest($1::text[], $2::text[], $3::text[]) as n(key, value, renewed)
       where t.${key}::text = n.key and t.${column} = n.value returning 1 as stored`,
      [rows.map((row) => row.key), rows.map((row) => row.value), rows.map((row) => row.renewed)],
    );
    return stored.length;
  }

  async #bound(): Promise<BoundToOlderKeys> {
    const { current } = this.#masterKeys;
    const [row] = await this.#database.query<BoundToOlderKeys>(
      `select
         (select count(*)::int from sessions where ended_at is null and refresh_key_version < $1::int) as sessions,
         (select count(*)::int from credentials where type = 'RECOVERY_CODE' and secret not like 'v' || $1 || '.%')
           as "recoveryCodes",
         (select count(*)::int from credentials where type in ('PASSWORD', 'PASSWORD_HISTORY') and secret like '%,keyid=%'
           and secret not like '%,keyid=' || rtrim(encode(convert_to($1::text, 'UTF8'), 'base64'), '=') || '$%')
           as passwords`,
      [String(current)],
    );
    return row ?? { sessions: 0, recoveryCodes: 0, passwords: 0 };
  }

  async #record({ version, columns }: ResealReport): Promise<void> {
    await this.#database.transaction((em) =>
      this.#recorder.record(em, systemOrigin('command line'), [
        {
          action: 'master-keys.resealed',
          target: { type: 'System', id: null, label: 'master keys' },
          metadata: { version, ...Object.fromEntries(columns.map(({ what, resealed }) => [what, resealed])) },
        },
      ]),
    );
  }
}
