import { errorCatalogue, type Problem, Rejection } from '../errors.ts';
import type { UserErrorType } from '../schema/payload.schema.ts';
import type { AccessPreview } from '../services/access-preview.ts';

/** An outcome as payloads show it. */
export const userErrorOf = (problem: Problem): UserErrorType => ({
  code: problem.code,
  message: problem.message ?? errorCatalogue[problem.code].meaning,
  field: problem.field ?? null,
  targetId: problem.targetId ?? null,
});

/**
 * Runs the service call of a mutation and makes its payload: what `work` gives, or, when the service refuses with outcomes
 * that a form shows, `refused` with those outcomes and the facts that go with them. Everything else stays an error.
 */
export const outcome = async <Done extends object, Refused extends object>(
  refused: Refused,
  work: () => Promise<Done>,
): Promise<(Done | (Refused & Readonly<Record<string, unknown>>)) & { readonly errors: readonly UserErrorType[] }> => {
  try {
    return { ...(await work()), errors: [] };
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return { ...refused, ...error.facts, errors: error.problems.map(userErrorOf) };
  }
};

/** The same for a change of access, which may only have been tried: then nothing but the preview is set. */
export const accessOutcome = (refused: object, work: () => Promise<object>): Promise<object> =>
  outcome(refused, async () => {
    const done = await work();
    return 'preview' in done ? { ...refused, preview: shownPreview(done.preview as AccessPreview) } : done;
  });

const shownPreview = (preview: AccessPreview): object => ({ ...preview, verdicts: preview.verdicts.map(userErrorOf) });
