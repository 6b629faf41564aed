import type { Log } from '../log.ts';
import { within } from '../work-under-way.ts';
import type { Services } from '../composition/services.ts';

/** Longer than any of them needs; a statement that takes minutes must not cost the others their orderly end. */
const STAGE_MS = 4500;

/** What works beside the requests, in one replica at a time or in each. */
interface BackgroundJob {
  start(): void;
  /** Finishes what is under way. */
  stop(): Promise<void>;
}

/** Jobs in the order in which they stop: what writes for others comes before them. Those of one line stop together. */
const stages = (services: Services): readonly (readonly BackgroundJob[])[] => [
  // It writes messages.
  [services.resetRequests],
  [
    services.housekeeping,
    services.messageWorker,
    services.exportWorker,
    services.signingKeySchedule,
    services.statsRefresh,
    services.replicas,
  ],
  services.databaseReplica === null ? [] : [services.databaseReplica],
  // It brings out what the others caused.
  [services.eventRelay, services.webhookWorker],
];

export const startBackground = (services: Services): void => {
  for (const job of stages(services).flat()) job.start();
  services.auditChain.start();
};

/** Stops one stage after the other. What takes too long is left to the end of the process: whatever it does is undone then, and done again. */
export const stopBackground = async (services: Services, log: Log): Promise<void> => {
  for (const stage of stages(services)) {
    const isOver = await within(STAGE_MS, Promise.all(stage.map((job) => job.stop())));
    if (!isOver) log('warn', 'a background job does not stop in time; the others stop without it');
  }
  await services.denialLog.flush();
  // What the others wrote is sealed, too.
  await services.auditChain.stop();
  services.trustedDocumentDirectory.stop();
  await Promise.all([services.activity.flush(), services.apiKeyUse.flush(), services.trustedDocumentUse.flush()]);
};
