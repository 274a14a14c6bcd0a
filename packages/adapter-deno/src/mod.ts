export { clock, httpClock, nodeClock } from "./clock.ts";
export { network } from "./network.ts";
export { nodeNetwork } from "./node-network.ts";
export { serveHttp, type HttpHandler, type HttpListener, type HttpOptions } from "./serve-http.ts";
