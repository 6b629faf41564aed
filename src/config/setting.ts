import type { DatabaseTarget } from './database-url.ts';
import type { Kind } from './kinds.ts';

export type Environment = 'development' | 'staging' | 'production' | 'test';

/** What a default or a rule may look at: the settings declared before it, and the surroundings of the process. */
export interface Known {
  readonly cwd: string;
  /** Whether standard output is a terminal. */
  readonly terminal: boolean;
  readonly environment: Environment;
  readonly port: number;
  readonly baseUrl: string;
  readonly introspection: boolean;
  /** null: the embedded database. */
  readonly database: DatabaseTarget | null;
  readonly mail: {
    readonly companyName: string;
    readonly smtpHost: string | null;
    readonly smtpPort: number | null;
    readonly serviceUrl: string | null;
    readonly smsGatewayUrl: string | null;
  };
}

/** Another name of a setting, as one of the sources spells it; `read` turns its text into ours. */
export interface Alias {
  readonly name: string;
  /** Row of docs/requirements.md that brings the name; null for a common spelling. */
  readonly row: string | null;
  read?(text: string): string;
}

interface Default<T> {
  /** For documents. */
  readonly text: string;
  of(known: Known): T;
}

/** A rule that holds in production only. */
export interface ProductionRule<T> {
  /** For documents. */
  readonly text: string;
  /** What is wrong and, after `;`, how to fix it; null when nothing is. `isDefault`: nobody gave the value. */
  problem(value: T, facts: ProductionFacts): string | null;
}

export interface ProductionFacts {
  readonly isDefault: boolean;
  readonly serverIsLoopback: boolean;
  readonly metricsServed: boolean;
  readonly proxiesTrusted: boolean;
  /** Some networks may come by clear http. */
  readonly plainNetworks: boolean;
  readonly database: { readonly target: DatabaseTarget; readonly password: string } | null;
}

/** One line of the declaration table. */
export interface Setting<T> {
  readonly kind: Kind<T>;
  /** Name of the environment variable; in lower case with dashes also the flag. */
  readonly env: string;
  /** Row of docs/requirements.md in which a source has the very same name. */
  readonly row?: string;
  readonly aliases?: readonly Alias[];
  readonly byDefault: Default<T>;
  readonly description: string;
  readonly production?: ProductionRule<T>;
}

/** Ties the type of the default and of the rules to that of the kind. */
export const setting = <T>(declaration: Setting<T>): Setting<T> => declaration;

export const fixed = <T>(value: T, text = `\`${String(value)}\``): Default<T> => ({ text, of: () => value });

export const derived = <T>(text: string, of: (known: Known) => T): Default<T> => ({ text, of });

export const alias = (name: string, row: string | null, read?: (text: string) => string): Alias => ({
  name,
  row,
  ...(read === undefined ? {} : { read }),
});

export const outsideProduction = derived(
  '`true`, in production `false`',
  ({ environment }) => environment !== 'production',
);
