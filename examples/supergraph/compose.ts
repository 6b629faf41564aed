import { composeServices as composeWithApollo } from '@apollo/composition';
import { composeServices as composeWithGuild } from '@theguild/federation-composition';
import { parse } from 'graphql';

export interface Subgraph {
  readonly name: string;
  readonly url: string;
  readonly sdl: string;
}

const services = (subgraphs: readonly Subgraph[]) =>
  subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));

const complete = (
  by: string,
  sdl: string | undefined,
  errors: readonly { readonly message: string }[] = [],
): string => {
  if (sdl !== undefined && errors.length === 0) return sdl;
  throw new Error(`${by} cannot compose: ${errors.map(({ message }) => message).join('; ')}`);
};

/** The supergraph by Apollo's library. Throws with every reason why the subgraphs do not fit together. */
export const apolloSupergraph = (subgraphs: readonly Subgraph[]): string => {
  const { supergraphSdl, errors } = composeWithApollo(services(subgraphs));
  return complete('@apollo/composition', supergraphSdl, errors);
};

/** The supergraph by The Guild's library. Throws with every reason why the subgraphs do not fit together. */
export const guildSupergraph = (subgraphs: readonly Subgraph[]): string => {
  const { supergraphSdl, errors } = composeWithGuild(services(subgraphs));
  return complete('@theguild/federation-composition', supergraphSdl, errors);
};
