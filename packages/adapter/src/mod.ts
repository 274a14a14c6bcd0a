export type { HttpHandler, HttpListener, HttpOptions, HttpPeer, ServeHttp } from "./http.ts";
export { openAdapter, type Adapter } from "./open-adapter.ts";
