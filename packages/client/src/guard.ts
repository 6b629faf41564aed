import type { Caller } from './caller.ts';
import { CallerRefused, type Decision, type Decisions, type Question } from './decision-client.ts';

/** The caller may not do what was asked. `code` and `extensions` are those of Gatehouse's own denials, for GraphQL and for REST. */
export class Denied extends Error {
  override readonly name = 'Denied';
  readonly code: 'UNAUTHENTICATED' | 'FORBIDDEN' | 'STEP_UP_REQUIRED';
  /** What Fastify and Express answer with unless the service says otherwise. */
  readonly statusCode: 401 | 403;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: Denied['code'], message: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.statusCode = code === 'UNAUTHENTICATED' ? 401 : 403;
    this.extensions = { code, ...facts };
  }
}

/** What a request may do: the caller, and questions about what they may. */
export class Guard {
  /** null = nobody signed in. */
  readonly caller: Caller | null;
  readonly #decisions: Decisions;

  constructor(caller: Caller | null, decisions: Decisions) {
    this.caller = caller;
    this.#decisions = decisions;
  }

  /**
   * Whether the caller may do it; false for nobody. Throws DecisionUnavailable when nobody can say, and Denied when Gatehouse takes the
   * token no more: the session is over, though its token is young.
   */
  async may(action: string, resource: string, row: Omit<Question, 'action' | 'resource'> = {}): Promise<boolean> {
    return (await this.#decide({ ...row, action, resource }))?.allowed === true;
  }

  /** Passes, or throws Denied: UNAUTHENTICATED, STEP_UP_REQUIRED with `required`, or FORBIDDEN with `missing` and `reason`. */
  async require(action: string, resource: string, row: Omit<Question, 'action' | 'resource'> = {}): Promise<Caller> {
    const decision = await this.#decide({ ...row, action, resource });
    if (decision === null || this.caller === null) throw new Denied('UNAUTHENTICATED', 'Sign in first.');
    const { allowed, reason, missing, required } = decision;
    if (allowed) return this.caller;
    if (reason === 'STEP_UP_REQUIRED')
      throw new Denied('STEP_UP_REQUIRED', 'Confirm your identity first.', { required });
    throw new Denied('FORBIDDEN', `This needs ${action}:${resource}.`, { missing, reason });
  }

  /** The rows that the caller may do it to, in their order: one round trip for all of them. Throws as `may`. */
  async filter<Row>(
    action: string,
    resource: string,
    rows: readonly Row[],
    describe: (row: Row) => Omit<Question, 'action' | 'resource'>,
  ): Promise<readonly Row[]> {
    if (this.caller === null || rows.length === 0) return [];
    const decisions = await this.#decisionsOf(
      this.caller,
      rows.map((row) => ({ ...describe(row), action, resource })),
    );
    return rows.filter((_, index) => decisions[index]?.allowed === true);
  }

  async #decide(question: Question): Promise<Decision | null> {
    if (this.caller === null) return null;
    const [decision] = await this.#decisionsOf(this.caller, [question]);
    return decision ?? null;
  }

  async #decisionsOf({ token }: Caller, questions: readonly Question[]): Promise<readonly Decision[]> {
    try {
      return await this.#decisions.decide(token, questions);
    } catch (error) {
      if (!(error instanceof CallerRefused)) throw error;
      if (error.code === 'UNAUTHENTICATED') throw new Denied(error.code, 'Sign in first.');
      throw new Denied(error.code, 'Confirm your identity first.', { required: error.required });
    }
  }
}
