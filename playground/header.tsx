import type { ReactElement } from 'react';
import type { Identity } from './client.ts';
import icon from './icon.svg';

const statement = (identity: Identity): string => {
  if (identity === 'unknown') return 'Connecting …';
  if (identity === null) return 'Not signed in';
  return `Signed in as ${identity.displayName}`;
};

const state = (identity: Identity): string => {
  if (identity === 'unknown') return 'unknown';
  return identity === null ? 'anonymous' : 'signed-in';
};

/** The bar above the editor: what this is, and who the next operation is sent as. */
export const Header = ({ identity }: { readonly identity: Identity }): ReactElement => (
  <header className="gatehouse-header">
    <img src={icon} alt="" width="24" height="24" />
    <h1>Gatehouse</h1>
    <span className="gatehouse-what">GraphQL playground</span>
    <span
      className="gatehouse-identity"
      role="status"
      data-state={state(identity)}
      title={identity === 'unknown' || identity === null ? undefined : (identity.email ?? undefined)}
    >
      {statement(identity)}
    </span>
  </header>
);
