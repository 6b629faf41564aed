import { Field, InputType } from 'type-graphql';
import { AttributeValueScalar } from './scalars.ts';

type Value = string | number | boolean;

@InputType('AttributeFilter', {
  description: 'A condition on a custom attribute that is declared filterable; what is given is and-ed, at least one.',
})
export class AttributeFilterInput {
  @Field(() => String, { description: 'Name of the attribute.' })
  name!: string;

  @Field(() => AttributeValueScalar, { nullable: true, description: 'The value is exactly this.' })
  equals?: Value | null;

  @Field(() => [AttributeValueScalar], {
    nullable: true,
    description: 'The value is one of these, at most 100; empty list = nobody.',
  })
  in?: Value[] | null;

  @Field(() => AttributeValueScalar, { nullable: true, description: 'Numbers and days: least value, included.' })
  from?: Value | null;

  @Field(() => AttributeValueScalar, { nullable: true, description: 'Numbers and days: end, excluded.' })
  until?: Value | null;

  @Field(() => Boolean, { nullable: true, description: 'True = has a value, false = has none.' })
  isSet?: boolean | null;
}
