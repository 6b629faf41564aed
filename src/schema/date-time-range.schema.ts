import { Field, InputType } from 'type-graphql';
import { DateTimeScalar } from './scalars.ts';

@InputType('DateTimeRange', { description: 'A span of time, half open.' })
export class DateTimeRangeInput {
  @Field(() => DateTimeScalar, { nullable: true, description: 'First instant included; absent = no lower bound.' })
  from?: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'First instant excluded; absent = no upper bound.' })
  until?: Date | null;
}
