export type { HttpHandler, HttpListener, HttpOptions, HttpPeer, ServeHttp } from "./http.ts";
export {
  denoSocketKinds,
  openAdapter,
  type Adapter,
  type AdapterOptions,
  type DenoSockets,
} from "./open-adapter.ts";
