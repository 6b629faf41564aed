import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';
import { BreakGlassInput } from './access-change.schema.ts';
import { PendingPayload } from './approval.schema.ts';
import { type SigningAlgorithm, SigningKeyStatus } from '../vocabulary.ts';
import { type HealthStatus as HealthStatusWord, HealthStatus, SigningAlgorithmName } from './operations-enums.ts';
import { DateTimeScalar, JsonObjectScalar } from './scalars.ts';

@ObjectType('SigningKey', { description: 'A key that signs access tokens; its public half.' })
export class SigningKeyType {
  @Field(() => String, { description: 'Key id in the header of tokens and in the JWKS.' })
  kid!: string;

  @Field(() => SigningAlgorithmName, { description: 'Algorithm it is used with.' })
  algorithm!: SigningAlgorithm;

  @Field(() => SigningKeyStatus, { description: 'Whether it signs or only verifies.' })
  status!: SigningKeyStatus;

  @Field(() => DateTimeScalar, { description: 'From when it signs.' })
  notBefore!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it left the JWKS.' })
  retiredAt!: Date | null;

  @Field(() => String, { description: 'Public key, SPKI in PEM.' })
  publicKeyPem!: string;

  @Field(() => JsonObjectScalar, { name: 'jwk', description: 'Public key as a JWK, RFC 7517.' })
  publicJwk!: Readonly<Record<string, unknown>>;
}

@InputType('RotateSigningKeyInput', { description: 'Input of rotateSigningKey.' })
export class RotateSigningKeyInput extends BreakGlassInput {
  @Field(() => SigningAlgorithmName, {
    nullable: true,
    description: 'Algorithm of the new key; absent = as the present one.',
  })
  algorithm?: SigningAlgorithm | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'How long the old key still verifies, from the life of an access token to 604800 (a week); absent = twice that life.',
  })
  overlapSeconds?: number | null;
}

@ObjectType('RotateSigningKeyPayload', { simpleResolvers: true, description: 'Answer of rotateSigningKey.' })
export class RotateSigningKeyPayload extends PendingPayload {
  @Field(() => SigningKeyType, {
    nullable: true,
    description: 'The new key; PUBLISHED until verifiers had the time to learn of it.',
  })
  signingKey?: SigningKeyType | null;

  @Field(() => SigningKeyType, { nullable: true, description: 'The key before it; ACTIVE until the new one signs.' })
  retiringKey?: SigningKeyType | null;
}

@ObjectType('HealthCheck', { simpleResolvers: true, description: 'One part of the server.' })
export class HealthCheckType {
  @Field(() => String, { description: 'Name, as in `/readyz`: database, migrations, redis, mail, kafka ...' })
  component!: string;

  @Field(() => HealthStatus, { description: 'Its state.' })
  status!: HealthStatusWord;

  @Field(() => Float, { nullable: true, description: 'Time of the check, milliseconds; null = not measured.' })
  latencyMs!: number | null;

  @Field(() => String, { nullable: true, description: 'What is wrong, secrets left out.' })
  message!: string | null;
}

@ObjectType('Health', { simpleResolvers: true, description: 'Whether the server works.' })
export class HealthType {
  @Field(() => HealthStatus, { description: 'The worst of the parts that an answer needs.' })
  status!: HealthStatusWord;

  @Field(() => [HealthCheckType], { nullable: true, description: 'Its parts.' })
  checks!: readonly HealthCheckType[] | null;

  @Field(() => String, { nullable: true, description: 'Version of the server.' })
  version!: string | null;
}
