import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { ImpersonationUse as ImpersonationUseWord } from '../permissions/catalogue-types.ts';
import { ImpersonationUse } from '../permissions/catalogue-types.ts';
import { ConstraintKind, type ConstraintKind as ConstraintKindWord } from '../permissions/constraints.ts';
import { AssuranceLevel, ScopeMode } from '../vocabulary.ts';
import { Weekday } from './enums.ts';

const WORDS = {
  days: 'Days on which it begins, at least one.',
  start: 'Local time of day, HH:MM, included.',
  end: 'Local time of day, HH:MM, excluded; earlier than `start` = the next day.',
  timeZone: 'IANA name, Europe/Rome.',
} as const;

@ObjectType('TimeWindow', { simpleResolvers: true, description: 'Recurring hours in which a grant holds.' })
class TimeWindowType {
  @Field(() => [Weekday], { description: WORDS.days })
  days!: readonly (keyof typeof Weekday)[];

  @Field(() => String, { description: WORDS.start })
  start!: string;

  @Field(() => String, { description: WORDS.end })
  end!: string;

  @Field(() => String, { description: WORDS.timeZone })
  timeZone!: string;
}

@InputType('TimeWindowInput', { description: 'Recurring hours in which a grant holds.' })
export class TimeWindowInput {
  @Field(() => [Weekday], { description: WORDS.days })
  days!: (keyof typeof Weekday)[];

  @Field(() => String, { description: WORDS.start })
  start!: string;

  @Field(() => String, { description: WORDS.end })
  end!: string;

  @Field(() => String, { description: WORDS.timeZone })
  timeZone!: string;
}

@ObjectType('PermissionConstraint', {
  simpleResolvers: true,
  description: 'One condition of a grant; `kind` says which fields are set.',
})
export class PermissionConstraintType {
  @Field(() => ConstraintKind, { description: 'What is compared.' })
  kind!: ConstraintKindWord;

  @Field(() => String, {
    nullable: true,
    description: 'Attribute of the row; null for TIME_WINDOW, NETWORKS and MINIMUM_ASSURANCE.',
  })
  attribute!: string | null;

  @Field(() => [String], {
    nullable: true,
    description: 'For IN and NOT_IN; ids or names, exact; IN with an empty list allows nothing.',
  })
  values!: readonly string[] | null;

  @Field(() => String, { nullable: true, description: 'For PREFIX; exact beginning.' })
  prefix!: string | null;

  @Field(() => Float, { nullable: true, description: 'For MAX; largest allowed number.' })
  max!: number | null;

  @Field(() => Int, { nullable: true, description: 'For WITHIN; most seconds since the time in the attribute.' })
  withinSeconds!: number | null;

  @Field(() => TimeWindowType, { nullable: true, description: 'For TIME_WINDOW.' })
  timeWindow!: TimeWindowType | null;

  @Field(() => [String], { nullable: true, description: 'For NETWORKS; address ranges in CIDR form.' })
  networks!: readonly string[] | null;

  @Field(() => AssuranceLevel, { nullable: true, description: 'For MINIMUM_ASSURANCE.' })
  minimumAssurance!: AssuranceLevel | null;
}

@InputType('PermissionConstraintInput', {
  description: 'One condition of a grant; set the fields that belong to `kind`, no others.',
})
export class PermissionConstraintInput {
  @Field(() => ConstraintKind, { description: 'What is compared.' })
  kind!: ConstraintKindWord;

  @Field(() => String, {
    nullable: true,
    description: 'Declared attribute of the resource; for IN, NOT_IN, PREFIX, MAX, WITHIN.',
  })
  attribute?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: 'For IN and NOT_IN, at most 1,000; IN with an empty list allows nothing.',
  })
  values?: string[] | null;

  @Field(() => String, { nullable: true, description: 'For PREFIX.' })
  prefix?: string | null;

  @Field(() => Float, { nullable: true, description: 'For MAX.' })
  max?: number | null;

  @Field(() => Int, { nullable: true, description: 'For WITHIN, 1 or more.' })
  withinSeconds?: number | null;

  @Field(() => TimeWindowInput, { nullable: true, description: 'For TIME_WINDOW.' })
  timeWindow?: TimeWindowInput | null;

  @Field(() => [String], { nullable: true, description: 'For NETWORKS, at most 100 ranges in CIDR form.' })
  networks?: string[] | null;

  @Field(() => AssuranceLevel, { nullable: true, description: 'For MINIMUM_ASSURANCE.' })
  minimumAssurance?: AssuranceLevel | null;
}

@ObjectType('Permission', {
  simpleResolvers: true,
  description: 'A grant: a permission held by a group, with its constraints.',
})
export class PermissionType {
  @Field(() => String, { description: 'Verb from the catalogue; `admin` on `*` covers every unprotected permission.' })
  action!: string;

  @Field(() => String, { description: 'Resource from the catalogue, or `*`.' })
  resource!: string;

  @Field(() => [PermissionConstraintType], { description: 'All must hold; empty = unconstrained.' })
  constraints!: readonly object[];
}

@InputType('PermissionInput', { description: 'A grant to give.' })
export class PermissionInput {
  @Field(() => String, { description: 'Verb from the catalogue.' })
  action!: string;

  @Field(() => String, { description: 'Resource from the catalogue, or `*`.' })
  resource!: string;

  @Field(() => [PermissionConstraintInput], {
    defaultValue: [],
    description: 'All must hold; empty = unconstrained.',
  })
  constraints!: PermissionConstraintInput[];
}

@ObjectType('ResourceScope', {
  simpleResolvers: true,
  description: 'Explicit reach over organizations; nothing means nothing.',
})
export class ResourceScopeType {
  @Field(() => ScopeMode, { description: 'Everything, or what is listed.' })
  mode!: ScopeMode;
}

@InputType('ResourceScopeInput', { description: 'Explicit reach over organizations.' })
export class ResourceScopeInput {
  @Field(() => ScopeMode, { description: 'Everything, or what is listed.' })
  mode!: ScopeMode;

  @Field(() => [ID], {
    nullable: true,
    description: 'For LISTED, at most 100; empty = none; absent = as before; refused with ALL.',
  })
  organizationIds?: string[] | null;
}

@ObjectType('PermissionDefinition', { simpleResolvers: true, description: 'An entry of the catalogue.' })
export class PermissionDefinitionType {
  @Field(() => String, { description: 'Verb.' })
  action!: string;

  @Field(() => String, { description: 'Resource.' })
  resource!: string;

  @Field(() => String, { description: 'Short name for lists.' })
  title!: string;

  @Field(() => String, { description: 'What its holder may do.' })
  description!: string;

  @Field(() => Boolean, { description: 'Covered by nothing but itself.' })
  protected!: boolean;

  @Field(() => AssuranceLevel, { description: 'Level that its use needs.' })
  requiredAssurance!: AssuranceLevel;

  @Field(() => Boolean, { description: 'Covered by `admin:*`.' })
  impliedByAdmin!: boolean;

  @Field(() => Boolean, { description: 'A key can hold it.' })
  grantableToApiKey!: boolean;

  @Field(() => ImpersonationUse, { description: 'Whether it works while impersonating.' })
  whileImpersonating!: ImpersonationUseWord;

  @Field(() => [String], { description: 'Permissions, as action:resource, that it is of little use without.' })
  dependsOn!: readonly string[];
}
