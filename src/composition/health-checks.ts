import { AppliedMigrations } from '../database/applied-migrations.ts';
import type { TransportState } from '../messages/transport-health.ts';
import type { HealthCheck } from '../services/health.service.ts';
import type { SinkHealth } from '../services/sink-health.ts';
import type { Base } from './base.ts';

const REPLICA_ALONE = 'The replica is late or does not answer; lists are read from the database itself.';

/** The parts that `/readyz`, `health` and the metrics tell apart. What is not necessary only makes answers poorer. */
export const healthChecks = (base: Base, sinkHealth: SinkHealth): readonly HealthCheck[] => {
  const { database, messaging, databaseReplica } = base;
  const migrations = new AppliedMigrations(database);
  return [
    {
      component: 'database',
      isNecessary: true,
      failure: 'The database does not answer.',
      look: async () => {
        await database.query('select epoch from permission_epoch');
        return {};
      },
    },
    {
      component: 'migrations',
      isNecessary: true,
      failure: 'The database is behind this release, or cannot be asked.',
      look: async () => {
        await migrations.check();
        return { latencyMs: null };
      },
    },
    {
      component: 'database_replica',
      isNecessary: false,
      failure: REPLICA_ALONE,
      look: async () => {
        if (databaseReplica === null) return null;
        if (databaseReplica.refusal !== null) throw new Error(databaseReplica.refusal);
        await databaseReplica.lag();
        return {};
      },
    },
    {
      component: 'redis',
      isNecessary: false,
      failure: 'Redis does not answer.',
      look: async () => (await base.redisHealth.check())[0] ?? null,
    },
    transport('mail', () => messaging.transportHealth.states),
    transport('sms', () => messaging.transportHealth.states),
    ...sinkChecks(sinkHealth),
  ];
};

/** Mail servers are not asked by probes: messages and the check at the start tell. */
const transport = (component: TransportState['component'], states: () => readonly TransportState[]): HealthCheck => ({
  component,
  isNecessary: false,
  failure: 'Not known.',
  look: async () => states().find((state) => state.component === component) ?? null,
});

/** Brokers are not asked by probes: the relay's last try tells. */
const sinkChecks = (health: SinkHealth): readonly HealthCheck[] =>
  health.parts.map(({ sink, component }) => ({
    component,
    isNecessary: false,
    failure: 'Not known.',
    look: () => health.stateOf(sink),
  }));
