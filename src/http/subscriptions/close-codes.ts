/**
 * How the server closes connections, beside the codes of the protocol (graphql-transport-ws: 4400 malformed, 4401 nobody or not any more,
 * 4403, 4406, 4408 too late, 4409, 4429) and of WebSocket (1001 the server stops, 1009 message too large, 1011 broken, 1013 try later).
 * Clients of the protocol give up at 4401 and come back after the others here.
 */
export const closeCodes = {
  GOING_AWAY: 1001,
  POLICY: 1008,
  BROKEN: 1011,
  TRY_LATER: 1013,
  UNAUTHORIZED: 4401,
  /** The access token is over, its session is not: come back with a new one. */
  TOKEN_EXPIRED: 4410,
  TOO_MANY_CONNECTIONS: 4420,
  /** More waited than may wait for one client. */
  TOO_SLOW: 4422,
} as const;
