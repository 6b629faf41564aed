import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import type { CaptchaGate } from '../limits/captcha.ts';
import { SignInOptionsType } from '../schema/sign-in.schema.ts';

@Resolver(() => SignInOptionsType)
export class CaptchaOptionsResolver {
  readonly #captcha: CaptchaGate;

  constructor(parts: { captcha: CaptchaGate }) {
    this.#captcha = parts.captcha;
  }

  @FieldResolver(() => Boolean, { description: 'A captcha answer is needed from this network.' })
  captchaRequired(@Root() _options: object, @Ctx() { caller }: Context): Promise<boolean> {
    return this.#captcha.isRequired(caller.ipAddress);
  }
}
