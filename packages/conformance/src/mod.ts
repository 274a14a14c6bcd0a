export { adapterSuite, type AdapterHarness } from "./adapter-suite.ts";
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
export { serverSuite, type ServerHarness } from "./server-suite.ts";
