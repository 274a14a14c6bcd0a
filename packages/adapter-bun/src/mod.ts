export { clock } from "./clock.ts";
export { copyBytes } from "@memwire/adapter-node/sockets";
export { openLargePages } from "./large-pages.ts";
export { network } from "./network.ts";
export { openRing } from "./ring/network.ts";
export { serveHttp, type HttpHandler, type HttpListener, type HttpOptions } from "./serve-http.ts";
