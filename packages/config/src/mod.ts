export { parseBackend, parseListen, type ListenConfig, type ServerConfig } from "./address-text.ts";
export { describeMistake, type Mistake } from "./mistake.ts";
export { DEFAULT_TIMEOUT_MS, type PoolConfig } from "./pool-schema.ts";
export { readProxyConfig, type ProxyConfig, type ProxyConfigReading } from "./proxy-config.ts";
export { ringServer } from "./ring-server.ts";
