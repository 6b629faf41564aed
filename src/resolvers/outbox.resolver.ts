import { Query, Resolver } from 'type-graphql';
import { OutboxStatusType } from '../schema/outbox.schema.ts';
import type { OutboxReader } from '../services/outbox-reader.ts';

@Resolver()
export class OutboxResolver {
  readonly #outbox: OutboxReader;

  constructor(parts: { outboxReader: OutboxReader }) {
    this.#outbox = parts.outboxReader;
  }

  @Query(() => OutboxStatusType, { nullable: true, description: 'Events between commit and publication.' })
  async outboxStatus(): Promise<object> {
    return this.#outbox.status();
  }
}
