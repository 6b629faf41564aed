import { Failure } from '../errors.ts';
import { type Decision, decide } from '../permissions/decision.ts';
import type { DecisionQuestions, QuestionInput } from './decision-question.ts';
import type { DecisionSubjects } from './decision-subject.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { AskingCaller, PermissionSubject, PermissionSubjects, SubjectRequest } from './permission-subject.ts';

const MAXIMUM_CHECKS = 100;
/** Of a row's id, which only the application understands. */
const MAXIMUM_ROW_ID = 200;

/** One question, as an application asks it. */
export interface PermissionCheck extends QuestionInput {
  readonly rowId?: string | null | undefined;
}

/** Answers in the order of the questions. */
export interface PermissionDecisions {
  readonly decisions: readonly (Decision & {
    readonly action: string;
    readonly resource: string;
    readonly rowId: string | null;
  })[];
  /** Version of the subject's permissions; answers may be kept while it stays, but those that look at time, address or session. */
  readonly permissionVersion: string;
}

/** Decides for other subgraphs whether somebody may do something to their rows. Reads, and never changes anything. */
export class PermissionCheckService {
  readonly #subjects: PermissionSubjects;
  readonly #decisionSubjects: DecisionSubjects;
  readonly #questions: DecisionQuestions;
  readonly #directory: GroupDirectory;

  constructor(parts: {
    permissionSubjects: PermissionSubjects;
    decisionSubjects: DecisionSubjects;
    decisionQuestions: DecisionQuestions;
    directory: GroupDirectory;
  }) {
    this.#subjects = parts.permissionSubjects;
    this.#decisionSubjects = parts.decisionSubjects;
    this.#questions = parts.decisionQuestions;
    this.#directory = parts.directory;
  }

  /**
   * 1 to 100 decisions about one subject; absent = the caller. No statement of its own for the caller, one for somebody else, and one
   * for the organizations that the questions name. Throws BAD_USER_INPUT for another number of questions or a row id of more than 200
   * characters, and as `PermissionSubjects.of`.
   */
  async check(
    caller: AskingCaller,
    checks: readonly PermissionCheck[],
    request: SubjectRequest | null,
  ): Promise<PermissionDecisions> {
    requireBounds(checks);
    const subject = await this.#subjects.of(caller, request);
    const questions = await this.#questions.read(caller, checks, subject);
    const facts = this.#decisionSubjects.of(subject);
    const { catalogue } = this.#directory;
    return {
      decisions: questions.map((question, index) => ({
        action: question.action,
        resource: question.resource,
        rowId: checks[index]?.rowId ?? null,
        ...decide(question, facts, catalogue),
      })),
      permissionVersion: versionOf(subject),
    };
  }
}

/** Whoever is shut out keeps their groups, and may do nothing: that is another version. */
const versionOf = ({ principal, active }: PermissionSubject): string => {
  if (principal === null) return 'anonymous';
  return active ? principal.permissionVersion : `${principal.permissionVersion}.inactive`;
};

const requireBounds = (checks: readonly PermissionCheck[]): void => {
  if (checks.length === 0 || checks.length > MAXIMUM_CHECKS) {
    throw new Failure('BAD_USER_INPUT', `Ask 1 to ${MAXIMUM_CHECKS} questions.`, {
      limit: 'checks',
      requested: checks.length,
      maximum: MAXIMUM_CHECKS,
    });
  }
  if (checks.some(({ rowId }) => (rowId ?? '').length > MAXIMUM_ROW_ID)) {
    throw new Failure('BAD_USER_INPUT', `The id of a row has at most ${MAXIMUM_ROW_ID} characters.`, {
      limit: 'rowId',
      maximum: MAXIMUM_ROW_ID,
    });
  }
};
