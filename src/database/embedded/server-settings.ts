import { clusterArguments } from './leftovers.ts';

export interface ServerPlan {
  readonly cluster: string;
  readonly port: number;
  readonly durable: boolean;
}

const SETTINGS = {
  // Reachable for this machine only, by password only: a socket file would be one more door.
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // Room for a suite of parallel test files, at the memory of a development tool.
  max_connections: '200',
  shared_buffers: '32MB',
  huge_pages: 'off',
  io_method: 'sync',
  jit: 'off',
  // Nobody replicates from it: less to write, one process less.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  timezone: 'UTC',
  // Read by the supervisor: English, one line each, no statements and no row values, which are personal data.
  lc_messages: 'C',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_line_prefix: '',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
} as const;

/** What is written when does not matter for data that nobody keeps. */
const CARELESS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } as const;

/** The server's command line; it wins over everything that the cluster's own files say. */
export const serverArguments = ({ cluster, port, durable }: ServerPlan): readonly string[] => [
  ...clusterArguments(cluster),
  String(port),
  ...Object.entries({ ...SETTINGS, ...(durable ? {} : CARELESS) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]),
];
