import { documentHash } from '../crypto/document-hash.ts';
import type { ApiKeyView } from '../entities/api-key.queries.ts';
import type { GroupView } from '../entities/group.queries.ts';
import { Failure } from '../errors.ts';
import { SUBJECT_INACTIVE } from '../permissions/row-rules.ts';
import type { Decision, DecisionStep, DecisionTrace } from '../permissions/decision.ts';
import { traceDecision } from '../permissions/decision-trace.ts';
import type { GroupId } from '../ids.ts';
import type { DecisionQuestions, QuestionInput } from './decision-question.ts';
import type { DecisionSubjects } from './decision-subject.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { AskingCaller, PermissionSubjects, SubjectRequest } from './permission-subject.ts';
import type { DocumentPermissions, OperationVerdicts, SchemaKnowledge } from './schema-knowledge.ts';

export interface PermissionInquiry extends QuestionInput {
  readonly userId: string | null;
  readonly apiKeyId: string | null;
  readonly rowId: string | null;
}

/** The chain behind one decision, with groups as they are. */
export interface PermissionExplanation extends Omit<DecisionTrace, 'decision' | 'steps' | 'grantingGroupIds'> {
  readonly decision: Decision & Pick<PermissionInquiry, 'action' | 'resource' | 'rowId'>;
  readonly grantingGroups: readonly GroupView[];
  readonly steps: readonly (Pick<DecisionStep, 'kind' | 'passed' | 'message'> & {
    readonly group: GroupView | null;
    readonly permission: DecisionStep['grant'] | null;
    readonly constraint: DecisionStep['constraint'] | null;
  })[];
}

export interface OperationInquiry {
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>> | null;
  readonly operationName: string | null;
  readonly as: SubjectRequest | null;
}

export interface OperationExplanation extends OperationVerdicts {
  readonly allowed: boolean;
}

const MAXIMUM_DOCUMENTS = 100;

/** Says why something is allowed or not, by the same data and functions that decide it. Changes nothing, runs nothing. */
export class ExplanationService {
  readonly #subjects: PermissionSubjects;
  readonly #decisionSubjects: DecisionSubjects;
  readonly #questions: DecisionQuestions;
  readonly #directory: GroupDirectory;
  readonly #knowledge: SchemaKnowledge;

  constructor(parts: {
    permissionSubjects: PermissionSubjects;
    decisionSubjects: DecisionSubjects;
    decisionQuestions: DecisionQuestions;
    directory: GroupDirectory;
    schemaKnowledge: SchemaKnowledge;
  }) {
    this.#subjects = parts.permissionSubjects;
    this.#decisionSubjects = parts.decisionSubjects;
    this.#questions = parts.decisionQuestions;
    this.#directory = parts.directory;
    this.#knowledge = parts.schemaKnowledge;
  }

  /**
   * The whole chain behind one decision, but for groups that the subject has where the caller sees no organization. Throws as `PermissionSubjects.of` for whom it is about, and BAD_USER_INPUT when a user and a
   * key are named.
   */
  async permission(caller: AskingCaller, inquiry: PermissionInquiry): Promise<PermissionExplanation> {
    const { userId, apiKeyId, action, resource, rowId } = inquiry;
    const request = userId === null && apiKeyId === null ? null : { userId, apiKeyId };
    const subject = await this.#subjects.of(caller, request);
    const [question] = await this.#questions.read(caller, [inquiry], subject);
    if (question === undefined) throw new Error('One question makes one question.');
    const { catalogue } = this.#directory;
    const groups = this.#directory
      .assigned(subject.shown)
      .map(({ group: { id, name, permissions }, where }) => ({ id, name, permissions, where }));
    const { decision, steps, grantingGroupIds, failingConstraint, protectedCarveOut } = traceDecision(
      question,
      this.#decisionSubjects.of(subject),
      groups,
      catalogue,
    );
    return {
      decision: { ...decision, action, resource, rowId },
      grantingGroups: this.#directory.list(grantingGroupIds as readonly GroupId[]),
      failingConstraint,
      protectedCarveOut,
      steps: steps.map(({ kind, passed, message, groupId, grant, constraint }) => ({
        kind,
        passed,
        message,
        group: groupId === undefined ? null : (this.#directory.find(groupId as GroupId) ?? null),
        permission: grant ?? null,
        constraint: constraint ?? null,
      })),
    };
  }

  /** What the rule tree says of each field of a document. Throws as `PermissionSubjects.of`. */
  async operation(caller: AskingCaller, inquiry: OperationInquiry): Promise<OperationExplanation> {
    const { principal, active, apiKey } = await this.#subjects.of(caller, inquiry.as);
    if (isBoundToOthers(apiKey, inquiry.document)) {
      return { allowed: false, verdicts: [], problems: ['The API key is bound to other documents.'] };
    }
    const { verdicts, problems } = this.#knowledge.facts.operation({
      document: inquiry.document,
      variables: inquiry.variables ?? {},
      operationName: inquiry.operationName,
      principal: active ? principal : null,
    });
    return {
      allowed: problems.length === 0 && verdicts.every((verdict) => verdict.allowed),
      verdicts: active ? verdicts : verdicts.map((verdict) => ofInactive(verdict)),
      problems,
    };
  }

  /** The SDL of what the subject can use. Throws as `PermissionSubjects.of`. */
  async schema(caller: AskingCaller, request: SubjectRequest | null): Promise<string> {
    const { principal, active } = await this.#subjects.of(caller, request);
    return this.#knowledge.facts.sdlFor(active ? principal : null);
  }

  /** The smallest set of grants that documents need. Throws BAD_USER_INPUT unless there are 1 to 100. */
  documents(documents: readonly string[]): DocumentPermissions {
    if (documents.length === 0 || documents.length > MAXIMUM_DOCUMENTS) {
      throw new Failure('BAD_USER_INPUT', `Give 1 to ${MAXIMUM_DOCUMENTS} documents.`, {
        limit: 'documents',
        requested: documents.length,
        maximum: MAXIMUM_DOCUMENTS,
      });
    }
    return this.#knowledge.facts.documentPermissions(documents);
  }
}

/** The text counts as it is sent, to the last blank. */
const isBoundToOthers = (apiKey: ApiKeyView | null, document: string): boolean =>
  apiKey !== null && apiKey.documentIds.length > 0 && !apiKey.documentIds.includes(documentHash(document));

const ofInactive = (verdict: OperationVerdicts['verdicts'][number]): OperationVerdicts['verdicts'][number] => ({
  ...verdict,
  rowRule: verdict.rowRule === null ? SUBJECT_INACTIVE : `${SUBJECT_INACTIVE} ${verdict.rowRule}`,
});
