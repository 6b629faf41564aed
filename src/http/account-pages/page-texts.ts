/** The words of the account pages in one language. `{name}` stands for a value that the page knows. */
export interface PageTexts {
  readonly pages: Readonly<Record<PageName, { readonly title: string; readonly intro: string }>>;
  /** Labels and sentences that stand in the page. */
  readonly labels: Readonly<Record<LabelName, string>>;
  /** What happened, by the code that the server gave. */
  readonly codes: Readonly<Record<CodeName, string>>;
}

export const pageNames = ['invite', 'reset', 'sign-in', 'email-change'] as const;
export type PageName = (typeof pageNames)[number];

type LabelName =
  | 'password'
  | 'show'
  | 'minimum'
  | 'setPassword'
  | 'signIn'
  | 'confirm'
  | 'join'
  | 'joinIntro'
  | 'code'
  | 'recoveryCode'
  | 'useRecoveryCode'
  | 'useCode'
  | 'verify'
  | 'secondFactor'
  | 'email'
  | 'requestLink'
  | 'requested'
  | 'requestIntro'
  | 'newPassword'
  | 'for'
  | 'working'
  | 'signedIn'
  | 'passwordSet'
  | 'emailChanged'
  | 'continue'
  | 'again'
  | 'noScript'
  | 'noToken';

type CodeName =
  | 'TOKEN_INVALID'
  | 'TOKEN_USED'
  | 'TOKEN_EXPIRED'
  | 'MIN_LENGTH'
  | 'MAX_BYTES'
  | 'PERSONAL_DATA'
  | 'BREACH_LIST'
  | 'HISTORY'
  | 'INVALID_VALUE'
  | 'MFA_CODE_INVALID'
  | 'CODE_ATTEMPTS_EXCEEDED'
  | 'CHALLENGE_OVER'
  | 'NO_METHOD'
  | 'INVALID_CREDENTIALS'
  | 'INVALID_EMAIL'
  | 'EMAIL_IN_USE'
  | 'RATE_LIMITED'
  | 'UNAVAILABLE'
  | 'OTHER';

const en: PageTexts = {
  pages: {
    invite: { title: 'Welcome', intro: 'Choose a password to begin.' },
    reset: { title: 'Choose a new password', intro: 'All other sessions of your account will end.' },
    'sign-in': { title: 'Sign in', intro: 'Press the button to sign in on this device. The link works once.' },
    'email-change': { title: 'Confirm your new address', intro: 'Press the button and this address counts.' },
  },
  labels: {
    password: 'New password',
    show: 'Show the password',
    minimum: 'At least {minLength} characters. A sentence that only you know is best.',
    setPassword: 'Set the password',
    signIn: 'Sign in',
    confirm: 'Confirm the address',
    join: 'Join',
    joinIntro: 'You are invited to join with your account {maskedEmail}. Press the button to accept.',
    code: 'Six-digit code of your authenticator app',
    recoveryCode: 'Recovery code',
    useRecoveryCode: 'Use a recovery code instead',
    useCode: 'Use the authenticator app instead',
    verify: 'Continue',
    secondFactor: 'One more step: confirm that it is you.',
    email: 'Your e-mail address',
    requestLink: 'Send me a link',
    requested: 'If there is an account with this address, a link is on its way. It can take a minute.',
    requestIntro: 'Enter your address to get a link.',
    newPassword: 'You must choose a new password first.',
    for: 'For {maskedEmail}',
    working: 'One moment …',
    signedIn: 'Done. You are signed in as {name}.',
    passwordSet: 'Done. Your password is set.',
    emailChanged: 'Done. Your address is now {email}.',
    continue: 'Continue',
    again: 'Try again',
    noScript: 'This page needs JavaScript.',
    noToken: 'Open this page by the link in your mail.',
  },
  codes: {
    TOKEN_INVALID: 'This link is not complete, or does not work any more. Open it again from the mail.',
    TOKEN_USED: 'This link was used already, or a newer one was sent.',
    TOKEN_EXPIRED: 'The time of this link is over.',
    MIN_LENGTH: 'It has too few characters.',
    MAX_BYTES: 'It is too long.',
    PERSONAL_DATA: 'It must not contain your name or address.',
    BREACH_LIST: 'It is too common, or known from a leak.',
    HISTORY: 'You used it before.',
    INVALID_VALUE: 'It contains characters that cannot be used.',
    MFA_CODE_INVALID: 'This code is not right. Wait for the next one and try again.',
    CODE_ATTEMPTS_EXCEEDED: 'That was wrong too often. Sign in again.',
    CHALLENGE_OVER: 'This took too long. Sign in again.',
    NO_METHOD: 'Your second factor cannot be used here. Sign in where you usually do.',
    INVALID_CREDENTIALS: 'This account cannot sign in at the moment.',
    INVALID_EMAIL: 'This is not an e-mail address.',
    EMAIL_IN_USE: 'This address cannot be used.',
    RATE_LIMITED: 'Too many tries. Wait a little and try again.',
    UNAVAILABLE: 'The server cannot be reached. Try again.',
    OTHER: 'That did not work. Try again.',
  },
};

const it: PageTexts = {
  pages: {
    invite: { title: 'Benvenuto', intro: 'Scegli una password per iniziare.' },
    reset: { title: 'Scegli una nuova password', intro: 'Tutte le altre sessioni del tuo account verranno chiuse.' },
    'sign-in': {
      title: 'Accedi',
      intro: 'Premi il pulsante per accedere su questo dispositivo. Il link funziona una volta sola.',
    },
    'email-change': {
      title: 'Conferma il nuovo indirizzo',
      intro: 'Premi il pulsante e questo indirizzo sarà quello valido.',
    },
  },
  labels: {
    password: 'Nuova password',
    show: 'Mostra la password',
    minimum: 'Almeno {minLength} caratteri. La scelta migliore è una frase che conosci solo tu.',
    setPassword: 'Imposta la password',
    signIn: 'Accedi',
    confirm: "Conferma l'indirizzo",
    join: 'Partecipa',
    joinIntro: "Sei invitato a partecipare con il tuo account {maskedEmail}. Premi il pulsante per accettare l'invito.",
    code: 'Codice di sei cifre della tua app di autenticazione',
    recoveryCode: 'Codice di recupero',
    useRecoveryCode: 'Usa invece un codice di recupero',
    useCode: "Usa invece l'app di autenticazione",
    verify: 'Continua',
    secondFactor: 'Ancora un passo: conferma di essere tu.',
    email: 'Il tuo indirizzo e-mail',
    requestLink: 'Inviami un link',
    requested: 'Se esiste un account con questo indirizzo, un link è in arrivo. Può volerci un minuto.',
    requestIntro: 'Inserisci il tuo indirizzo per ricevere un link.',
    newPassword: 'Prima devi scegliere una nuova password.',
    for: 'Per {maskedEmail}',
    working: 'Un momento …',
    signedIn: 'Fatto. Hai effettuato l’accesso come {name}.',
    passwordSet: 'Fatto. La password è impostata.',
    emailChanged: 'Fatto. Il tuo indirizzo ora è {email}.',
    continue: 'Continua',
    again: 'Riprova',
    noScript: 'Questa pagina richiede JavaScript.',
    noToken: 'Apri questa pagina dal link nella tua e-mail.',
  },
  codes: {
    TOKEN_INVALID: 'Questo link non è completo o non funziona più. Aprilo di nuovo dalla e-mail.',
    TOKEN_USED: 'Questo link è già stato usato, o ne è stato inviato uno più recente.',
    TOKEN_EXPIRED: 'Questo link è scaduto.',
    MIN_LENGTH: 'Ha troppo pochi caratteri.',
    MAX_BYTES: 'È troppo lunga.',
    PERSONAL_DATA: 'Non deve contenere il tuo nome o indirizzo.',
    BREACH_LIST: 'È troppo comune o nota da una fuga di dati.',
    HISTORY: 'L’hai già usata.',
    INVALID_VALUE: 'Contiene caratteri che non si possono usare.',
    MFA_CODE_INVALID: 'Il codice non è giusto. Aspetta il prossimo e riprova.',
    CODE_ATTEMPTS_EXCEEDED: 'Troppi errori. Accedi di nuovo.',
    CHALLENGE_OVER: 'È passato troppo tempo. Accedi di nuovo.',
    NO_METHOD: 'Il tuo secondo fattore non si può usare qui. Accedi dove lo fai di solito.',
    INVALID_CREDENTIALS: 'Al momento questo account non può accedere.',
    INVALID_EMAIL: 'Questo non è un indirizzo e-mail.',
    EMAIL_IN_USE: 'Questo indirizzo non si può usare.',
    RATE_LIMITED: 'Troppi tentativi. Aspetta un po’ e riprova.',
    UNAVAILABLE: 'Il server non è raggiungibile. Riprova.',
    OTHER: 'Non ha funzionato. Riprova.',
  },
};

const de: PageTexts = {
  pages: {
    invite: { title: 'Willkommen', intro: 'Wählen Sie ein Passwort, um zu beginnen.' },
    reset: { title: 'Neues Passwort wählen', intro: 'Alle anderen Sitzungen Ihres Kontos enden.' },
    'sign-in': {
      title: 'Anmelden',
      intro: 'Mit dem Knopf melden Sie sich auf diesem Gerät an. Der Link gilt einmal.',
    },
    'email-change': { title: 'Neue Adresse bestätigen', intro: 'Mit dem Knopf gilt ab jetzt diese Adresse.' },
  },
  labels: {
    password: 'Neues Passwort',
    show: 'Passwort anzeigen',
    minimum: 'Mindestens {minLength} Zeichen. Am besten ein Satz, den nur Sie kennen.',
    setPassword: 'Passwort setzen',
    signIn: 'Anmelden',
    confirm: 'Adresse bestätigen',
    join: 'Beitreten',
    joinIntro: 'Sie sind eingeladen, mit Ihrem Konto {maskedEmail} beizutreten. Mit der Schaltfläche nehmen Sie an.',
    code: 'Sechsstelliger Code Ihrer Authenticator-App',
    recoveryCode: 'Wiederherstellungscode',
    useRecoveryCode: 'Stattdessen einen Wiederherstellungscode verwenden',
    useCode: 'Stattdessen die Authenticator-App verwenden',
    verify: 'Weiter',
    secondFactor: 'Noch ein Schritt: Bestätigen Sie, dass Sie es sind.',
    email: 'Ihre E-Mail-Adresse',
    requestLink: 'Link senden',
    requested: 'Wenn es ein Konto mit dieser Adresse gibt, ist ein Link unterwegs. Das kann eine Minute dauern.',
    requestIntro: 'Geben Sie Ihre Adresse ein, um einen Link zu erhalten.',
    newPassword: 'Sie müssen zuerst ein neues Passwort wählen.',
    for: 'Für {maskedEmail}',
    working: 'Einen Moment …',
    signedIn: 'Fertig. Sie sind angemeldet als {name}.',
    passwordSet: 'Fertig. Ihr Passwort ist gesetzt.',
    emailChanged: 'Fertig. Ihre Adresse ist jetzt {email}.',
    continue: 'Weiter',
    again: 'Noch einmal versuchen',
    noScript: 'Diese Seite braucht JavaScript.',
    noToken: 'Öffnen Sie diese Seite über den Link in Ihrer E-Mail.',
  },
  codes: {
    TOKEN_INVALID: 'Dieser Link ist unvollständig oder gilt nicht mehr. Öffnen Sie ihn noch einmal aus der E-Mail.',
    TOKEN_USED: 'Dieser Link wurde schon benutzt, oder es wurde ein neuerer gesendet.',
    TOKEN_EXPIRED: 'Die Zeit dieses Links ist abgelaufen.',
    MIN_LENGTH: 'Es hat zu wenige Zeichen.',
    MAX_BYTES: 'Es ist zu lang.',
    PERSONAL_DATA: 'Es darf Ihren Namen oder Ihre Adresse nicht enthalten.',
    BREACH_LIST: 'Es ist zu häufig oder aus einem Datenleck bekannt.',
    HISTORY: 'Sie haben es schon einmal verwendet.',
    INVALID_VALUE: 'Es enthält Zeichen, die nicht verwendet werden können.',
    MFA_CODE_INVALID: 'Dieser Code stimmt nicht. Warten Sie auf den nächsten und versuchen Sie es noch einmal.',
    CODE_ATTEMPTS_EXCEEDED: 'Das war zu oft falsch. Melden Sie sich neu an.',
    CHALLENGE_OVER: 'Das hat zu lange gedauert. Melden Sie sich neu an.',
    NO_METHOD: 'Ihr zweiter Faktor geht hier nicht. Melden Sie sich dort an, wo Sie es sonst tun.',
    INVALID_CREDENTIALS: 'Dieses Konto kann sich zurzeit nicht anmelden.',
    INVALID_EMAIL: 'Das ist keine E-Mail-Adresse.',
    EMAIL_IN_USE: 'Diese Adresse kann nicht verwendet werden.',
    RATE_LIMITED: 'Zu viele Versuche. Warten Sie etwas und versuchen Sie es noch einmal.',
    UNAVAILABLE: 'Der Server ist nicht erreichbar. Versuchen Sie es noch einmal.',
    OTHER: 'Das hat nicht funktioniert. Versuchen Sie es noch einmal.',
  },
};

export const pageTexts = { en, it, de } as const;
export type PageLocale = keyof typeof pageTexts;

const isPageLocale = (tag: string): tag is PageLocale => Object.hasOwn(pageTexts, tag);

const primary = (tag: string): string => tag.trim().toLowerCase().split('-')[0] ?? '';

/** The most that is read of a header that a client can make as long as it likes. */
const MAXIMUM_RANGES = 20;

/**
 * The language of a page: the one asked for, else the first of the `Accept-Language` header that there is (RFC 9110 section
 * 12.5.4), else English.
 */
export const pageLocaleOf = (asked: unknown, acceptLanguage: string | undefined): PageLocale => {
  const wanted = typeof asked === 'string' ? primary(asked) : '';
  if (isPageLocale(wanted)) return wanted;
  const ranges = (acceptLanguage ?? '').split(',', MAXIMUM_RANGES).map((range) => {
    const [tag = '', ...parameters] = range.split(';');
    const quality = parameters.map((one) => /^\s*q=([\d.]+)\s*$/i.exec(one)?.[1]).find((one) => one !== undefined);
    return { tag: primary(tag), quality: quality === undefined ? 1 : Number(quality) };
  });
  const usable = ranges.filter(({ quality }) => quality > 0).toSorted((left, right) => right.quality - left.quality);
  return usable.map(({ tag }) => tag).find((tag) => isPageLocale(tag)) ?? 'en';
};
