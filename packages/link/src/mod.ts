export { acceptClient } from "./accept-client.ts";
export { ClientLink } from "./client-link.ts";
export type { Asker, ClientContext, Context, Crowd, Party, ServerContext } from "./context.ts";
export {
  newClientCounters,
  newFleetCounters,
  newServerCounters,
  type ClientCounters,
  type FleetCounters,
  type ServerCounters,
} from "./counters.ts";
export type { Dispatcher } from "./dispatcher.ts";
export { CLIENT_TOO_OFTEN, failureOf, TOO_OFTEN, type Failure } from "./failure.ts";
export {
  expectedOf,
  type ErrorKind,
  type Expected,
  type Source,
  type StreamFound,
  type Waiter,
} from "./fragment.ts";
export {
  checkFleet,
  checkName,
  checkPositive,
  CONNECTIONS_MAX,
  DEFAULT_CLIENT_LIMITS,
  DEFAULT_LOAD_LIMITS,
  DEFAULT_REPLY_LIMITS,
  DEFAULT_SERVER_LIMITS,
  DEFAULT_TIMEOUT_MS,
  limitsFrom,
  type ClientLimits,
  type LinkOptions,
  type LoadLimits,
  type ServerLimits,
  type Timeouts,
} from "./limits.ts";
export { checkCredentials, type Credentials } from "./greeting.ts";
export { LinkEngine } from "./link-engine.ts";
export { RequestDecoders } from "./request-decoders.ts";
export { ServerLink } from "./server-link.ts";
export type { ServerStatus } from "./server-status.ts";
export { SlowClients } from "./slow-clients.ts";
export { Slot, type SlotAnswer, type SlotOwner } from "./slot.ts";
export { Upload, type Uploader } from "./upload.ts";
export { Uploads } from "./uploads.ts";
export { SpareBuffers } from "./spare-buffers.ts";
export { TextOverBinary, type TextOverBinaryOptions } from "./text-over-binary.ts";
