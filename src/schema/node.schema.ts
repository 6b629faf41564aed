import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType('Node', { description: 'Something with an id of its own. There is no root field `node`.' })
export abstract class NodeType {
  @Field(() => ID, { description: 'UUIDv7 text, never reused.' })
  id!: string;
}
