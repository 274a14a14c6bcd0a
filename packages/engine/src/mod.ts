export type {
  Clock,
  CloseCause,
  Command,
  ConnectOptions,
  ConnectionId,
  Endpoint,
  Engine,
  Listener,
  ListenerId,
  ListenOptions,
  Millis,
  Network,
  Transport,
  TransportHandler,
} from "./contract.ts";
export { FAREWELL_MS, LINGER_MS } from "./contract.ts";
export type {
  BindOptions,
  DatagramAddress,
  DatagramHandler,
  DatagramSocket,
  SendTo,
  SocketId,
} from "./datagrams.ts";
export { DATAGRAM_PAYLOAD_BYTES_MAX, UNSENT_DATAGRAM_BYTES_MAX } from "./datagrams.ts";
export { drive, type Driver } from "./drive.ts";
export { checkHas, shown } from "./check-has.ts";
export { causeOf, checkEndpoint, describeEndpoint, parseEndpoint, withoutPrefix } from "./endpoint.ts";
export { bindBy, checkListenOptions, listenBy, type SocketFiles } from "./listening.ts";
export { Outbox, type Output, type Port } from "./outbox.ts";
export { systemClock, type ClockHost } from "./system-clock.ts";
export { HANDSHAKE_TIMEOUT_MS, HANDSHAKES_MAX, HANDSHAKES_WAITING_MAX } from "./tls.ts";
export type { Distrust, TlsConnectOptions, TlsCredentials, TlsListener, TlsListenOptions } from "./tls.ts";
export { checkRate, TokenBucket, type RateLimit } from "./token-bucket.ts";
export { refuseUnknown } from "./unknown-names.ts";
export { unreachable } from "./unreachable.ts";
