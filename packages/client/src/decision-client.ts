import { createHash } from 'node:crypto';

/** One question: may the caller do this, to this row? */
export interface Question {
  /** Verb from the catalogue. */
  readonly action: string;
  /** Resource from the catalogue; an application's own as `namespace.name`. */
  readonly resource: string;
  /** Row concerned, in the application's own ids. */
  readonly rowId?: string;
  /** Organization that the row lies in; absent = in none. */
  readonly organizationId?: string;
  /** Values of declared attributes, the owner's among them; a missing one fails its constraint. */
  readonly attributes?: Readonly<Record<string, string | number | boolean | null>>;
}

/** What the session must raise before it may go on. */
export interface StepUp {
  readonly assuranceLevel: 'AAL2' | null;
  readonly withinMinutes: number | null;
}

export interface Decision {
  readonly allowed: boolean;
  /** Why: GRANTED, GRANTED_AS_OWNER, NO_GRANT, CONSTRAINT_FAILED, STEP_UP_REQUIRED and others; see the enum DecisionReason. */
  readonly reason: string;
  /** Permissions of which one would have sufficed. */
  readonly missing: readonly string[];
  readonly required: StepUp | null;
}

export interface DecisionClientOptions {
  /** The server's /graphql. */
  readonly url: string | URL;
  /** How long an answer may be kept while the permission version stays; 0 = ask each time. At most so late does a change hold. */
  readonly maximumAgeMs?: number;
  /** Answers kept, over all callers. */
  readonly cacheSize?: number;
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
  /** The present time in milliseconds, for tests. */
  readonly nowMs?: () => number;
}

/** Whoever can answer questions: the client, or canned answers in a test. */
export interface Decisions {
  /**
   * Answers in the order of the questions, for the caller whose access token or API key is given. Throws CallerRefused where Gatehouse
   * does not know the caller any more, DecisionUnavailable where it cannot be asked.
   */
  decide(token: string, questions: readonly Question[]): Promise<readonly Decision[]>;
}

/** Gatehouse could not be asked, or does not decide. Refuse what needed the answer. */
export class DecisionUnavailable extends Error {
  override readonly name = 'DecisionUnavailable';
  readonly code = 'SERVICE_UNAVAILABLE';
  /** As of `Denied`: the same request can succeed later. */
  readonly statusCode = 503;
  readonly extensions = { code: this.code };
}

/** Gatehouse takes nothing from this caller any more: signed out, locked, a key that ended; or not before a step-up. */
export class CallerRefused extends Error {
  override readonly name = 'CallerRefused';
  readonly code: 'UNAUTHENTICATED' | 'STEP_UP_REQUIRED';
  /** Set with STEP_UP_REQUIRED. */
  readonly required: StepUp | null;

  constructor(code: CallerRefused['code'], required: StepUp | null) {
    super(
      code === 'UNAUTHENTICATED' ? 'Gatehouse does not take this token any more.' : 'Gatehouse asks for a step-up.',
    );
    this.code = code;
    this.required = required;
  }
}

const MAXIMUM_BATCH = 100;

const DOCUMENT = `query Decide($checks: [PermissionCheckInput!]!) {
  checkPermissions(checks: $checks) {
    permissionVersion
    decisions { allowed reason missing required { assuranceLevel withinMinutes } }
  }
}`;

/** What this client sends, by id: for the manifest of a program whose server runs trusted documents only. */
export const decisionDocuments: Readonly<Record<string, string>> = {
  [`sha256:${createHash('sha256').update(DOCUMENT).digest('hex')}`]: DOCUMENT,
};

interface Kept {
  readonly version: string;
  readonly decision: Decision;
  readonly until: number;
}

interface Waiting {
  readonly question: Question;
  readonly resolve: (decision: Decision) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks Gatehouse for decisions about the caller of a request. Questions of one turn of the event loop become one round trip; answers
 * are kept for a few seconds while the caller's permission version stays. Whatever goes wrong is no permission: it throws.
 */
export class DecisionClient implements Decisions {
  readonly #options: Required<DecisionClientOptions>;
  /** By caller and question, the oldest first. */
  readonly #kept = new Map<string, Kept>();
  /** The version that each caller's last answer had. */
  readonly #versions = new Map<string, string>();
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(options: DecisionClientOptions) {
    this.#options = {
      maximumAgeMs: 5000,
      cacheSize: 10_000,
      timeoutMs: 5000,
      fetch: globalThis.fetch,
      nowMs: () => performance.now(),
      ...options,
    };
  }

  /** Throws DecisionUnavailable, and CallerRefused when the token is refused. */
  async decide(token: string, questions: readonly Question[]): Promise<readonly Decision[]> {
    return Promise.all(questions.map(async (question) => this.#recall(token, question) ?? this.#ask(token, question)));
  }

  #recall(token: string, question: Question): Decision | null {
    const kept = this.#kept.get(keyOf(token, question));
    if (kept === undefined || kept.until <= this.#options.nowMs()) return null;
    return kept.version === this.#versions.get(token) ? kept.decision : null;
  }

  #ask(token: string, question: Question): Promise<Decision> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(token);
      if (waiting !== undefined) {
        waiting.push({ question, resolve, reject });
        return;
      }
      this.#waiting.set(token, [{ question, resolve, reject }]);
      setImmediate(() => this.#send(token));
    });
  }

  #send(token: string): void {
    const waiting = this.#waiting.get(token) ?? [];
    this.#waiting.delete(token);
    for (let from = 0; from < waiting.length; from += MAXIMUM_BATCH) {
      const batch = waiting.slice(from, from + MAXIMUM_BATCH);
      this.#answer(token, batch).catch((error: unknown) => {
        for (const { reject } of batch) reject(error);
      });
    }
  }

  async #answer(token: string, batch: readonly Waiting[]): Promise<void> {
    const { decisions, permissionVersion } = await this.#fetch(
      token,
      batch.map(({ question }) => question),
    );
    this.#versions.delete(token);
    this.#versions.set(token, permissionVersion);
    for (const [index, { question, resolve, reject }] of batch.entries()) {
      const decision = decisions[index];
      if (decision === undefined)
        reject(new DecisionUnavailable('Gatehouse answered fewer questions than were asked.'));
      else {
        this.#keep(token, question, { decision, version: permissionVersion });
        resolve(decision);
      }
    }
  }

  /** A session can be raised at any moment, which changes no permission version: what asks for that is not kept. */
  #keep(token: string, question: Question, facts: Omit<Kept, 'until'>): void {
    const { maximumAgeMs, cacheSize, nowMs } = this.#options;
    if (maximumAgeMs <= 0 || facts.decision.reason === 'STEP_UP_REQUIRED') return;
    this.#kept.set(keyOf(token, question), { ...facts, until: nowMs() + maximumAgeMs });
    forgetOldest(this.#kept, cacheSize);
    forgetOldest(this.#versions, cacheSize);
  }

  async #fetch(token: string, checks: readonly Question[]): Promise<Answer> {
    const { url, timeoutMs, fetch: send } = this.#options;
    let answer: unknown;
    try {
      const response = await send(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: DOCUMENT, variables: { checks } }),
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'error',
      });
      answer = await response.json();
    } catch (error) {
      throw new DecisionUnavailable('Gatehouse could not be asked for a decision.', { cause: error });
    }
    return answerOf(answer);
  }
}

interface Answer {
  readonly permissionVersion: string;
  readonly decisions: readonly Decision[];
}

const answerOf = (answer: unknown): Answer => {
  const given = (answer as { readonly data?: { readonly checkPermissions?: Partial<Answer> | null } | null } | null)
    ?.data?.checkPermissions;
  const { permissionVersion, decisions } = given ?? {};
  if (typeof permissionVersion !== 'string' || !Array.isArray(decisions)) throw refusalOf(answer);
  return {
    permissionVersion,
    decisions: decisions.map((one: Partial<Decision>) => ({
      allowed: one.allowed === true,
      reason: one.reason ?? 'UNKNOWN',
      missing: one.missing ?? [],
      required: one.required ?? null,
    })),
  };
};

/** What the first error of an answer says; its words name nothing of the caller. */
const refusalOf = (answer: unknown): Error => {
  const errors = (answer as { readonly errors?: readonly RefusedField[] } | null)?.errors;
  const [first] = Array.isArray(errors) ? errors : [];
  const { code, required } = first?.extensions ?? {};
  if (code === 'UNAUTHENTICATED') return new CallerRefused(code, null);
  if (code === 'STEP_UP_REQUIRED') return new CallerRefused(code, required ?? null);
  return new DecisionUnavailable(`Gatehouse refused to decide${typeof code === 'string' ? `: ${code}` : ''}.`);
};

interface RefusedField {
  readonly extensions?: { readonly code?: unknown; readonly required?: StepUp | null };
}

const keyOf = (token: string, { action, resource, rowId, organizationId, attributes }: Question): string =>
  JSON.stringify([
    token,
    action,
    resource,
    rowId ?? null,
    organizationId ?? null,
    Object.entries(attributes ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);

const forgetOldest = (map: Map<string, unknown>, size: number): void => {
  for (const key of map.keys()) {
    if (map.size <= size) return;
    map.delete(key);
  }
};
