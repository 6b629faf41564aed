import type { AttributeDemand, AttributeValue } from '../entities/user-attribute.queries.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import { Failure } from '../errors.ts';
import type { UserAttributes } from './attributes.ts';

/** A condition on one attribute, as a client sends it. */
export interface AttributeFilter {
  readonly name: string;
  readonly equals?: AttributeValue | null | undefined;
  readonly in?: readonly AttributeValue[] | null | undefined;
  readonly from?: AttributeValue | null | undefined;
  readonly until?: AttributeValue | null | undefined;
  readonly isSet?: boolean | null | undefined;
}

const MAXIMUM_CONDITIONS = 10;
const MAXIMUM_VALUES = 100;

/**
 * Reads the conditions on attributes. Throws BAD_USER_INPUT for values that do not fit, for conditions that the type does not have or
 * that say nothing, and, in one and the same way, for names that are not declared, not filterable, or not for the viewer to see.
 */
export const readAttributeFilters = (
  attributes: UserAttributes,
  viewer: Viewer,
  filters: readonly AttributeFilter[],
): readonly AttributeDemand[] => {
  if (filters.length > MAXIMUM_CONDITIONS) throw tooMany('attributes', MAXIMUM_CONDITIONS);
  return filters.map((filter) => readOne(attributes, viewer, filter));
};

const readOne = (attributes: UserAttributes, viewer: Viewer, filter: AttributeFilter): AttributeDemand => {
  const filterable = attributes.filterableFor(viewer, filter.name);
  if (filterable === null) throw new Failure('BAD_USER_INPUT', 'Users cannot be filtered by such an attribute.');
  const { name, type, values: declared } = filterable.settings;
  requireSense(type, filter);
  const read = (given: AttributeValue | null | undefined): AttributeValue | null =>
    given == null ? null : (filterable.read(given) ?? wrongValue());
  return {
    name,
    type,
    declared,
    values: valuesOf(read(filter.equals), filter.in?.map((one) => filterable.read(one) ?? wrongValue()) ?? null),
    from: read(filter.from),
    until: read(filter.until),
    isSet: filter.isSet ?? null,
  };
};

const requireSense = (
  type: AttributeDemand['type'],
  { equals, in: among, from, until, isSet }: AttributeFilter,
): void => {
  if ([equals, among, from, until, isSet].every((given) => given == null)) {
    throw new Failure('BAD_USER_INPUT', 'A condition on an attribute gives equals, in, from, until or isSet.');
  }
  if ((among ?? []).length > MAXIMUM_VALUES) throw tooMany('in', MAXIMUM_VALUES);
  const isRange = from != null || until != null;
  if (isRange && type !== 'number' && type !== 'date') {
    throw new Failure('BAD_USER_INPUT', 'Only numbers and days take from and until.');
  }
};

/** Both together leave what both allow. */
const valuesOf = (
  equals: AttributeValue | null,
  among: readonly AttributeValue[] | null,
): readonly AttributeValue[] | null => {
  if (equals === null) return among === null ? null : [...new Set(among)];
  return among === null || among.includes(equals) ? [equals] : [];
};

const wrongValue = (): never => {
  throw new Failure('BAD_USER_INPUT', 'A value does not fit its attribute.');
};

const tooMany = (limit: string, maximum: number): Failure =>
  new Failure('BAD_USER_INPUT', `${limit} takes at most ${maximum}.`, { limit, maximum });
