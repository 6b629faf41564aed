import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import {
  CreateActionLinksInput,
  CreateActionLinksPayload,
  RedeemActionLinkInput,
  RedeemActionLinkPayload,
} from '../schema/action-link.schema.ts';
import type { ActionLinkService } from '../services/action-link.service.ts';
import { signedInCaller } from '../services/caller.ts';
import { outcome } from './outcome.ts';

@Resolver()
export class ActionLinkResolver {
  readonly #links: ActionLinkService;

  constructor(parts: { actionLinks: ActionLinkService }) {
    this.#links = parts.actionLinks;
  }

  @Mutation(() => CreateActionLinksPayload, {
    nullable: true,
    description: 'Makes one-time rights for recipients of mails; for own resources.',
  })
  createActionLinks(
    @Arg('input', () => CreateActionLinksInput, { description: 'Input of createActionLinks.' })
    { idempotencyKey = null, ...input }: CreateActionLinksInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ links: [], replayed: false }, async () => {
      const { links, replayed } = await this.#links.create(signedInCaller(caller), { ...input, idempotencyKey });
      return { links: links.map(({ token, ...link }) => ({ ...link, token: token.reveal() })), replayed };
    });
  }

  @Mutation(() => RedeemActionLinkPayload, {
    nullable: true,
    description: 'Uses up a one-time right, if it fits action, row and recipient; for own resources.',
  })
  redeemActionLink(
    @Arg('input', () => RedeemActionLinkInput, { description: 'Input of redeemActionLink.' })
    input: RedeemActionLinkInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ decision: null }, async () => ({
      decision: await this.#links.redeem(signedInCaller(caller), input),
    }));
  }
}
