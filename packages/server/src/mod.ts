export type { ServerCounters } from "./counters.ts";
export type { HostFacts, ServerLimits, ServerOptions, ServerSettings, ShutdownMode } from "./options.ts";
export { ServerEngine } from "./server-engine.ts";
export { ASCII_USERS_MAX, parseAsciiUsers, parseSaslUsers } from "./users/user-files.ts";
export { type Authentication, checkOf, type User, type UserCheck } from "./users/users.ts";
export { type SharedCounters, WorkerCounters } from "./workers/worker-counters.ts";
export type {
  MissedLines,
  NotedLine,
  Remembered,
  TellWorkers,
  WorkerMessage,
} from "./workers/worker-relay.ts";
export type { PrefixCounts } from "./stats/prefix-counters.ts";
export type { ConnectionFacts } from "./stats/stats-connections.ts";
