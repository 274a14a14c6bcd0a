export { copyBytes } from "./copy-bytes.ts";
export { bindDatagrams } from "./datagrams.ts";
export { listenStreams } from "./stream-network.ts";
export { connectTls, listenTls } from "./tls-network.ts";
