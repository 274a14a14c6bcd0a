export { clock } from "./clock.ts";
export { copyBytes } from "./copy-bytes.ts";
export { network } from "./network.ts";
export { Response, serveHttp, type HttpHandler, type HttpListener, type HttpOptions } from "./serve-http.ts";
