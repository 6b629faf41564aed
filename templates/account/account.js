/*
 * The script of the account pages. It takes the token out of the address, so that neither the history nor a screenshot keeps it,
 * asks the API what it is good for, and uses it when the person presses the button, never before.
 */
const { page, texts: json, documents, tokenLength } = document.body.dataset;
const texts = JSON.parse(json);
const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
history.replaceState(null, '', location.pathname + location.search);
// Another link to the same page, pasted into its address, changes the fragment only.
addEventListener('hashchange', () => location.reload());

const byId = (id) => document.getElementById(id);
const say = (name, values = {}) => texts[name].replaceAll(/\{(\w+)\}/g, (_all, key) => String(values[key] ?? ''));

/** An answer that the person must learn of, by its code. */
class Refusal extends Error {
  constructor(codes) {
    super(codes.join(', '));
    this.codes = codes;
  }
}

const wordsFor = (codes) => {
  const known = codes.filter((code) => Object.hasOwn(texts, code));
  return (known.length > 0 ? known : ['OTHER']).map((code) => say(code)).join(' ');
};

/** One call of the API. Its headers make it one that no other site can send (Apollo's prevention of CSRF). */
const call = async (query, variables, csrfToken = null) => {
  let answer;
  try {
    const response = await fetch('../graphql', {
      method: 'POST',
      credentials: 'same-origin',
      headers: {
        'content-type': 'application/json',
        'apollo-require-preflight': 'true',
        ...(csrfToken === null ? {} : { 'x-csrf-token': csrfToken }),
      },
      body: JSON.stringify({ query, variables }),
    });
    answer = await response.json();
  } catch {
    throw new Refusal(['UNAVAILABLE']);
  }
  const { data, errors = [] } = answer;
  if (errors.length > 0) throw new Refusal(errors.map(({ extensions }) => extensions?.code ?? 'OTHER'));
  return Object.values(data ?? {})[0];
};

const operations = JSON.parse(documents);

/** A mutation whose payload says in codes what was wrong; broken rules of the password say more than its code. */
const change = async (query, input, csrfToken = null) => {
  const payload = await call(query, { input }, csrfToken);
  const { errors, violations = [] } = payload;
  if (errors.length === 0) return payload;
  throw new Refusal(violations.length > 0 ? violations : errors.map(({ code }) => code));
};

const tell = (text) => {
  byId('status').textContent = text;
};

/** Shows one form, or none, and puts the focus where the person goes on. */
const show = (name) => {
  for (const form of document.forms) form.hidden = form.id !== name;
  const target = name === null ? byId('title') : byId(name).querySelector('input:not([hidden]), button');
  target.focus();
};

/** Nothing more can be done on this page, or it is done. */
const finish = (text) => {
  show(null);
  byId('intro').hidden = true;
  byId('done').hidden = false;
  tell(text);
};

/** The link is of no use. Where a new one can be asked for, that is what comes next. */
const giveUp = (code) => {
  byId('intro').hidden = true;
  tell(say(code));
  const canAsk = byId('request') !== null;
  show(canAsk ? 'request' : null);
  byId('done').hidden = canAsk;
};

/** What follows a step of a sign-in. */
let challengeToken = null;
const goOn = async ({ step, user, challenge }) => {
  byId('intro').hidden = true;
  tell('');
  if (step === 'COMPLETE') {
    finish(user === null ? say('passwordSet') : say('signedIn', { name: user.displayName || user.email || '' }));
  } else if (step === 'MFA_REQUIRED') {
    challengeToken = challenge.token;
    offerMethods(challenge.methods);
  } else {
    challengeToken = challenge.token;
    tell(say('newPassword'));
    await askForPassword(null);
  }
};

const askForPassword = async (maskedEmail) => {
  const { minLength } = await call(operations.policy, {});
  byId('minimum').textContent = say('minimum', { minLength });
  if (maskedEmail !== null) {
    byId('for').textContent = say('for', { maskedEmail });
    byId('for').hidden = false;
    byId('account').value = maskedEmail;
  }
  show('password');
};

let usesRecoveryCode = false;
const useRecoveryCode = (value) => {
  usesRecoveryCode = value;
  const field = byId('code');
  field.value = '';
  field.inputMode = value ? 'text' : 'numeric';
  field.autocomplete = value ? 'off' : 'one-time-code';
  byId('code-label').textContent = say(value ? 'recoveryCode' : 'code');
  byId('other-method').textContent = say(value ? 'useCode' : 'useRecoveryCode');
  field.focus();
};

const offerMethods = (methods) => {
  const [hasCode, hasRecoveryCode] = [methods.includes('TOTP'), methods.includes('RECOVERY_CODE')];
  if (!hasCode && !hasRecoveryCode) {
    finish(say('NO_METHOD'));
    return;
  }
  show('mfa');
  useRecoveryCode(!hasCode);
  byId('other-method').hidden = !(hasCode && hasRecoveryCode);
};

/** Codes after which the link, or the challenge, is of no use any more. */
const OVER = new Set(['TOKEN_INVALID', 'TOKEN_USED', 'TOKEN_EXPIRED']);

const submits = {
  password: async () => {
    const newPassword = byId('new-password').value;
    if (page === 'invite' && challengeToken === null) {
      await goOn(await change(operations.accept, { token, password: newPassword, delivery: 'COOKIE' }));
    } else {
      const input =
        challengeToken === null ? { token, newPassword, delivery: 'COOKIE' } : { token: challengeToken, newPassword };
      await goOn(await change(operations.setPassword, input));
    }
    byId('new-password').value = '';
  },
  confirm: async () => {
    if (page === 'sign-in') {
      await goOn(await change(operations.signIn, { linkToken: token, delivery: 'COOKIE' }));
    } else if (page === 'invite') {
      await goOn(await change(operations.accept, { token, delivery: 'COOKIE' }));
    } else {
      // Whoever is signed in here stays so: without this token the change would be nobody's, and end all sessions.
      const viewer = await call(operations.viewer, {});
      const { email } = await change(operations.confirmEmail, { token }, viewer?.csrfToken ?? null);
      finish(say('emailChanged', { email }));
    }
  },
  mfa: async () => {
    const value = byId('code').value.trim();
    const answer = usesRecoveryCode ? { recoveryCode: value } : { code: value.replaceAll(/\s/g, '') };
    await goOn(await change(operations.completeMfa, { challengeToken, ...answer }));
  },
  request: async () => {
    await change(operations.request, { email: byId('email').value });
    show(null);
    tell(say('requested'));
  },
};

const refuse = (form, { codes }) => {
  const isOver = codes.some((code) => OVER.has(code));
  if (challengeToken !== null && (isOver || codes.includes('CODE_ATTEMPTS_EXCEEDED'))) {
    finish(say(isOver ? 'CHALLENGE_OVER' : 'CODE_ATTEMPTS_EXCEEDED'));
  } else if (isOver) {
    giveUp(codes.find((code) => OVER.has(code)));
  } else if (codes.includes('INVALID_CREDENTIALS')) {
    finish(say('INVALID_CREDENTIALS'));
  } else {
    byId(`${form.id}-error`).textContent = wordsFor(codes);
    const field = form.querySelector('input:not([hidden]):not([type=checkbox])');
    field?.setAttribute('aria-invalid', 'true');
    field?.focus();
  }
};

/** Runs what a form does, once at a time. */
const submit = async (form) => {
  const button = form.querySelector('button[type=submit]');
  if (button.disabled) return;
  button.disabled = true;
  byId(`${form.id}-error`).textContent = '';
  form.querySelector('[aria-invalid]')?.removeAttribute('aria-invalid');
  try {
    await submits[form.id]();
  } catch (error) {
    refuse(form, error instanceof Refusal ? error : new Refusal(['OTHER']));
  } finally {
    button.disabled = false;
  }
};

for (const form of document.forms) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit(form);
  });
}
byId('show')?.addEventListener('change', ({ target }) => {
  byId('new-password').type = target.checked ? 'text' : 'password';
});
byId('other-method')?.addEventListener('click', () => useRecoveryCode(!usesRecoveryCode));

const KINDS = { invite: 'INVITE', reset: 'RESET' };

/** What the page shows first. */
const begin = async () => {
  if (token === '') {
    const canAsk = page === 'reset';
    byId('intro').hidden = true;
    if (!canAsk) tell(say('noToken'));
    show(canAsk ? 'request' : null);
  } else if (token.length !== Number(tokenLength)) {
    // Mail programs break long links; to the server what is left is a link that nobody knows.
    giveUp('TOKEN_INVALID');
  } else if (KINDS[page] === undefined) {
    show('confirm');
  } else {
    tell(say('working'));
    const { state, kind, maskedEmail, passwordNeeded } = await call(operations.status, { token });
    tell('');
    if (state === 'VALID' && kind === KINDS[page]) {
      if (passwordNeeded) await askForPassword(maskedEmail);
      else {
        // The account is there already: pressing the button is all that is left to do.
        byId('intro').textContent = say('joinIntro', { maskedEmail });
        show('confirm');
      }
    } else giveUp(state === 'EXPIRED' ? 'TOKEN_EXPIRED' : 'TOKEN_USED');
  }
};

const again = byId('again');
/** The token is out of the address already, so that loading the page anew would lose it: the page itself tries again. */
const start = async () => {
  again.hidden = true;
  try {
    await begin();
  } catch (error) {
    tell(wordsFor(error instanceof Refusal ? error.codes : ['OTHER']));
    again.hidden = false;
    again.focus();
  }
};
again.addEventListener('click', () => void start());
void start();
