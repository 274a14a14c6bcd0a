export type { ServerCounters } from "./counters.ts";
export type { HostFacts, ServerLimits, ServerOptions, ServerSettings, ShutdownMode } from "./options.ts";
export { ServerEngine } from "./server-engine.ts";
export { ASCII_USERS_MAX, parseAsciiUsers, parseSaslUsers } from "./user-files.ts";
export { type Authentication, checkOf, type User, type UserCheck } from "./users.ts";
export { type SharedCounters, WorkerCounters } from "./worker-counters.ts";
export type { NotedLine, Remembered, WorkerMessage } from "./worker-relay.ts";
export type { PrefixCounts } from "./prefix-counters.ts";
