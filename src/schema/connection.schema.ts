import { ArgsType, type ClassType, Directive, Field, Int, ObjectType } from 'type-graphql';

@ObjectType('PageInfo', { simpleResolvers: true, description: 'Where a page lies in its list.' })
@Directive('@shareable')
export class PageInfoType {
  @Field(() => Boolean, { description: 'Items follow this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Items precede this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first item; null on an empty page.' })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last item; null on an empty page.' })
  endCursor!: string | null;
}

/** The four arguments of every connection. */
@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: 'Items from the start, 1 to 100; 25 when neither first nor last is given.',
  })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'Only items after this cursor.' })
  after?: string | null;

  @Field(() => Int, { nullable: true, description: 'Items from the end, 1 to 100.' })
  last?: number | null;

  @Field(() => String, { nullable: true, description: 'Only items before this cursor.' })
  before?: string | null;
}

/** The types of a Relay connection over `node`, called `<name>Edge` and `<name>Connection`. */
export const connectionOf = (node: () => ClassType, name: string) => {
  @ObjectType(`${name}Edge`, { simpleResolvers: true, description: `One item of a ${name} page.` })
  class Edge {
    @Field(() => String, { description: 'Opaque position of this item.' })
    cursor!: string;

    @Field(node, { description: 'The item.' })
    node!: unknown;
  }

  @ObjectType(`${name}Connection`, { simpleResolvers: true, description: `A page of ${name}.` })
  class Connection {
    @Field(() => [Edge], { description: 'Items with their cursors.' })
    edges!: readonly Edge[];

    @Field(() => [node()], { description: 'Items without cursors.' })
    nodes!: readonly unknown[];

    @Field(() => PageInfoType, { description: 'Where this page lies.' })
    pageInfo!: PageInfoType;

    @Field(() => Int, { description: 'Number of visible items over all pages; computed only when asked.' })
    totalCount!: number;
  }

  return { Edge, Connection };
};
