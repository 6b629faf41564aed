import { parseInstant } from '../clock.ts';
import { type AttributeEditor, type AttributeSettings, MAXIMUM_ATTRIBUTES } from '../config/attribute-list.ts';
import type { AuditChange } from '../entities/audit-event.entity.ts';
import type { AttributeValue } from '../entities/user-attribute.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import { type Problem, reject } from '../errors.ts';
import { may } from '../permissions/may.ts';
import { readText } from './text.ts';

/** Values of custom attributes by name, as they are stored. */
export type AttributeValues = Readonly<Record<string, unknown>>;

/** What somebody wants to set; null clears. */
export type AttributeChanges = ReadonlyMap<string, AttributeValue | null>;

/** An attribute that somebody may filter by. */
export interface FilterableAttribute {
  readonly settings: AttributeSettings;
  readonly read: (given: unknown) => AttributeValue | null;
}

/** In bytes of JSON, all values of one user together. */
const MAXIMUM_BYTES = 8192;
/** In bytes of JSON. Access tokens travel with every request, in a header. */
const MAXIMUM_CLAIM_BYTES = 2048;

/**
 * Custom attributes of users, as the settings declare them. Values whose declaration is gone, or has another type by now, stay
 * stored and are not there for anybody. No rule of the permission tree can read any of them.
 */
export class UserAttributes {
  readonly #declared: ReadonlyMap<string, AttributeSettings>;

  constructor(declared: readonly AttributeSettings[]) {
    this.#declared = new Map(declared.map((one) => [one.name, one]));
  }

  /**
   * Reads what an input sets; absent and null set nothing. INVALID_ATTRIBUTE with the path of each value that does not fit, in the
   * same way for names that are not declared and for those that the editor may not set.
   */
  read(
    given: unknown,
    editor: AttributeEditor,
  ): { readonly changes: AttributeChanges; readonly problems: readonly Problem[] } {
    const changes = new Map<string, AttributeValue | null>();
    if (given === null || given === undefined) return { changes, problems: [] };
    const entries = typeof given === 'object' && !Array.isArray(given) ? Object.entries(given) : null;
    if (entries === null || entries.length > MAXIMUM_ATTRIBUTES) return { changes, problems: [invalid()] };
    const problems: Problem[] = [];
    for (const [name, value] of entries as readonly (readonly [string, unknown])[]) {
      const declared = this.#declared.get(name);
      const read = declared?.editableBy.includes(editor) === true ? newValue(declared, value) : undefined;
      if (read === undefined) problems.push(invalid(name));
      else changes.set(name, read);
    }
    return { changes, problems };
  }

  /** What is stored after the changes. Throws INVALID_ATTRIBUTE when that is too large; clearing is always possible. */
  after(stored: AttributeValues, changes: AttributeChanges): AttributeValues {
    if (changes.size === 0) return stored;
    const kept = Object.entries(stored).filter(([name]) => !changes.has(name));
    const set = [...changes].filter(([, value]) => value !== null);
    const values: AttributeValues = Object.fromEntries([...kept, ...set]);
    const tooLarge =
      bytesOf(this.#pick(values, () => true)) > MAXIMUM_BYTES || bytesOf(this.#claimed(values)) > MAXIMUM_CLAIM_BYTES;
    return set.length > 0 && tooLarge ? reject(invalid().code, { field: ['attributes'] }) : values;
  }

  /**
   * What of somebody's values a viewer sees: their owner, a holder of `view:users`, or one who is both. What is in a token, its
   * owner can read.
   */
  shownTo({ principal, now }: Viewer, { id, attributes }: Pick<UserView, 'id' | 'attributes'>): AttributeValues {
    const own = principal.userId === id;
    const administrator = may(principal, 'view:users', now);
    return this.#pick(
      attributes,
      ({ visibility }) =>
        (own && (visibility.includes('own') || visibility.includes('claim'))) ||
        (administrator && visibility.includes('administrator')),
    );
  }

  /**
   * The attribute of this name, if users may be filtered by it by the viewer, who must see it of everybody in the list; with a reader
   * that gives a value as it would be stored, null for one that does not fit.
   */
  filterableFor({ principal, now }: Viewer, name: string): FilterableAttribute | null {
    const settings = this.#declared.get(name);
    const isSeen = settings?.visibility.includes('administrator') === true && may(principal, 'view:users', now);
    return isSeen && settings.filterable ? { settings, read: (given) => newValue(settings, given) ?? null } : null;
  }

  /**
   * The claim `attributes`, in the order of the settings; null when there is nothing to claim. What would make the token larger
   * than its bound, because more became claims since it was set, is left out.
   */
  claim(stored: AttributeValues): AttributeValues | null {
    const claimed: [string, unknown][] = [];
    for (const entry of Object.entries(this.#claimed(stored))) {
      if (bytesOf(Object.fromEntries([...claimed, entry])) <= MAXIMUM_CLAIM_BYTES) claimed.push(entry);
    }
    return claimed.length === 0 ? null : Object.fromEntries(claimed);
  }

  #claimed(stored: AttributeValues): AttributeValues {
    return this.#pick(stored, ({ visibility }) => visibility.includes('claim'));
  }

  #pick(stored: AttributeValues, wanted: (attribute: AttributeSettings) => boolean): AttributeValues {
    const found: [string, unknown][] = [];
    for (const attribute of this.#declared.values()) {
      const value = Object.hasOwn(stored, attribute.name) ? stored[attribute.name] : undefined;
      if (value !== undefined && wanted(attribute) && fits(attribute, value)) found.push([attribute.name, value]);
    }
    return Object.fromEntries(found);
  }
}

/** What changed, for the log; the names of the values begin with `attributes.`. */
export const attributeChangesOf = (before: AttributeValues, after: AttributeValues): readonly AuditChange[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map((name) => ({ field: `attributes.${name}`, before: wordOf(before[name]), after: wordOf(after[name]) }))
    .filter((change) => change.before !== change.after);

const wordOf = (value: unknown): string | null => {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
};

const bytesOf = (values: AttributeValues): number => Buffer.byteLength(JSON.stringify(values));

const invalid = (name?: string): Problem & { readonly code: 'INVALID_ATTRIBUTE' } => ({
  code: 'INVALID_ATTRIBUTE',
  field: name === undefined ? ['attributes'] : ['attributes', name.slice(0, 100)],
});

/** The value as it is stored, null to clear; undefined when it does not fit. */
const newValue = (attribute: AttributeSettings, given: unknown): AttributeValue | null | undefined => {
  if (given === null) return null;
  if (attribute.type !== 'string' || typeof given !== 'string') return fits(attribute, given) ? given : undefined;
  const read = readText(given, { field: ['attributes', attribute.name], maximum: MAXIMUM_BYTES });
  return 'text' in read ? read.text : undefined;
};

const FORMS: Readonly<Record<AttributeSettings['type'], (value: unknown, values: readonly string[]) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  date: (value) => typeof value === 'string' && isDate(value),
  enum: (value, values) => typeof value === 'string' && values.includes(value),
};

const fits = ({ type, values }: AttributeSettings, value: unknown): value is AttributeValue =>
  FORMS[type](value, values);

/** `2026-01-31` (RFC 3339 full-date), a day that the calendar has. */
const isDate = (text: string): boolean => {
  const midnight = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseInstant(`${text}T00:00:00Z`) : null;
  return midnight?.toISOString().startsWith(text) === true;
};
