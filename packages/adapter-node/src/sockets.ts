export { copyBytes } from "./copy-bytes.ts";
export { bindDatagrams } from "./datagrams.ts";
export { connectNet, listenNet } from "./net-connections.ts";
export { connectTls, listenTls } from "./tls-network.ts";
