export type {
  CallOptions,
  CallSignal,
  Client,
  Item,
  ItemWithCas,
  Key,
  ManyItems,
  Outcome,
  StoreOptions,
  Value,
} from "./client.ts";
export { ClientEngine, type KeyRequest } from "./client-engine.ts";
export { ClientError, type ClientErrorCode } from "./client-error.ts";
export type { ClientEngineOptions, ClientOptions } from "./options.ts";
export { createClient } from "./promise-client.ts";
export type { ServerStatus } from "@memwire/link";
