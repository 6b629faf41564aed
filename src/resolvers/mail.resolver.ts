import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { MessageView } from '../entities/message.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import {
  MailDeliveriesArgs,
  MailDeliveryConnectionType,
  MailDeliveryType,
  RetryMailInput,
  RetryMailPayload,
} from '../schema/mail.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { MessageReader } from '../services/message-reader.ts';
import type { MessageRetryService } from '../services/message-retry.service.ts';
import { outcome } from './outcome.ts';

@Resolver(() => MailDeliveryType)
export class MailResolver {
  readonly #messages: MessageReader;
  readonly #retry: MessageRetryService;

  constructor(parts: { messageReader: MessageReader; messageRetry: MessageRetryService }) {
    this.#messages = parts.messageReader;
    this.#retry = parts.messageRetry;
  }

  @Query(() => MailDeliveryConnectionType, { nullable: true, description: 'Messages sent and waiting.' })
  mailDeliveries(
    @Args(() => MailDeliveriesArgs) args: MailDeliveriesArgs,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return this.#messages.page(signedInCaller(caller), args, args.filter ?? null);
  }

  @Mutation(() => RetryMailPayload, { nullable: true, description: 'Sends a failed message again.' })
  retryMail(
    @Arg('input', () => RetryMailInput, { description: 'Input of retryMail.' }) input: RetryMailInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ mailDelivery: null }, async () => ({
      mailDelivery: await this.#retry.retry(signedInCaller(caller), {
        id: input.id,
        idempotencyKey: input.idempotencyKey ?? null,
      }),
    }));
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Account it is about.' })
  user(@Root() message: MessageView, @Ctx() context: Context): Promise<UserView | null> | null {
    return message.userId === null ? null : loadersOf(context).user.load(message.userId);
  }

  @FieldResolver(() => MailDeliveryType, { nullable: true, description: 'The message that this one repeats.' })
  previous(@Root() message: MessageView, @Ctx() context: Context): Promise<MessageView | null> | null {
    return message.previousId === null ? null : loadersOf(context).mail.load(message.previousId);
  }
}
