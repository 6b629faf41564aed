import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './styles.css';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { type ComponentProps, type ReactElement, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { type Identity, PlaygroundClient } from './client.ts';
import { Header } from './header.tsx';
import { linkedExample, openingTabs } from './opening-tabs.ts';
import { SecretlessStorage, type Store, tabsKey } from './storage.ts';
import { follow } from './subscriptions.ts';

type Fetcher = ComponentProps<typeof GraphiQL>['fetcher'];

const plugins = [HISTORY_PLUGIN];

/** Browsers that block site data throw at the very access. */
const disk = (): Store | null => {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
};

/** Reads the token of a link and takes it out of the address bar before anything else runs, so that it is neither bookmarked nor shared. */
const takeLink = (): ReturnType<typeof linkedExample> => {
  const linked = linkedExample(window.location.hash);
  if (window.location.hash !== '')
    window.history.replaceState(null, '', window.location.pathname + window.location.search);
  return linked;
};

const store = disk();
const opening = openingTabs(store?.getItem(tabsKey) ?? null, takeLink());
const active = opening.tabs[opening.activeTabIndex];
const storage = new SecretlessStorage(store, { [tabsKey]: JSON.stringify(opening) });

let report: (identity: Identity) => void = () => undefined;
const client = new PlaygroundClient({
  endpoint: '/graphql',
  fetch: async (url, init) => fetch(url, init),
  follow,
  onIdentity: (identity) => report(identity),
});
// GraphiQL's type wants GraphQLError objects, its code prints whatever JSON came.
const fetcher: Fetcher = (request, options) => client.run(request, options?.headers ?? {}) as ReturnType<Fetcher>;

const App = (): ReactElement => {
  const [identity, setIdentity] = useState<Identity>('unknown');
  useEffect(() => {
    report = setIdentity;
    void client.identify();
  }, []);
  return (
    <>
      <Header identity={identity} />
      <GraphiQL
        fetcher={fetcher}
        storage={storage}
        plugins={plugins}
        initialQuery={active?.query ?? ''}
        initialVariables={active?.variables ?? ''}
        defaultEditorToolsVisibility="variables"
        shouldPersistHeaders={false}
        showPersistHeadersSettings={false}
      >
        <GraphiQL.Logo> </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
};

// A link followed while the page is open changes the fragment only.
window.addEventListener('hashchange', () => window.location.reload());

const root = document.querySelector('#root');
if (root === null) throw new Error('index.html has no #root.');
createRoot(root).render(<App />);
