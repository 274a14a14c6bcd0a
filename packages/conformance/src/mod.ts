export { adapterSuite, type AdapterHarness } from "./adapter-suite.ts";
export { httpSuite, type HttpHarness } from "./http-suite.ts";
export {
  findPeer,
  freePort,
  type MemcachedOptions,
  onFreePort,
  type RunningPeer,
  startMemcached,
  startPeer,
  withPeer,
} from "./peer.ts";
export { mayLackIoUring } from "./io-uring.ts";
export { FullPipe } from "./full-pipe.ts";
export { saslOptions, WITH_SASL } from "./sasl-memcached.ts";
export { proxySuite, type ProxyHarness } from "./proxy-suite.ts";
export { serverSuite, type ServerHarness } from "./server-suite.ts";
export {
  RUNTIMES,
  RunningProgram,
  runtimeCommand,
  startProgram,
  type Ending,
  type Runtime,
  type SpawnOptions,
} from "./spawn.ts";
export { startTold } from "./told-early.ts";
export { TextClient } from "./text-client.ts";
export { type ClusterOptions, type ClusterRun, simulateCluster } from "./simulation-cluster.ts";
