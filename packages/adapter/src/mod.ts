export type { HttpHandler, HttpListener, HttpOptions, HttpPeer, ServeHttp } from "./http.ts";
export {
  bunSocketKinds,
  denoSocketKinds,
  openAdapter,
  type Adapter,
  type AdapterOptions,
  type BunSockets,
  type DenoSockets,
} from "./open-adapter.ts";
