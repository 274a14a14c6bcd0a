// What an engine's host says about TLS, and what a TLS listener says of itself. Certificates and keys are PEM bytes:
// who has read them from where is not the network's business.
//
// A connection is an engine's only when its handshake is through: those that fail, or that a client never finishes,
// are counted by the listener, and no engine hears of them.

import type { Millis } from "./contract.ts";

/** Who one is: a certificate, its key, and whom one believes. */
export interface TlsCredentials {
  /** The certificate and those between it and a root, in this order. */
  readonly chain: Uint8Array;
  /** The private key of the first certificate, not encrypted. */
  readonly key: Uint8Array;
  /**
   * The roots that the peer's certificate has to lead to. Default, as a client: those of the runtime. A server has
   * none: to ask clients for certificates it has to be given them.
   */
  readonly ca?: Uint8Array;
}

/** TLS as a server. */
export interface TlsListenOptions extends TlsCredentials {
  /**
   * What is asked of clients. `none`: nothing. `request`: a certificate, and one that is given has to be good.
   * `require`: a good certificate. `once`: as `request`, at the first handshake of a connection only; there is never
   * another one, so it is the same. All but `none`, the default, are refused without `ca`.
   */
  readonly verify?: "none" | "request" | "require" | "once";
  /** Ciphers of TLS 1.2 as OpenSSL lists them, with `:` between. Default: the runtime's. */
  readonly ciphers?: string;
  /** Default: TLSv1.2. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** From the beginning of a handshake to its end; beyond, it is closed. Default: HANDSHAKE_TIMEOUT_MS. */
  readonly handshakeTimeoutMs?: Millis;
  /** Handshakes at a time, from 1; a connection above that waits until one is over. Default: HANDSHAKES_MAX. */
  readonly handshakesMax?: number;
  /** Connections that wait for that; a further one is closed at once. Default: HANDSHAKES_WAITING_MAX. */
  readonly handshakesWaitingMax?: number;
}

/** The TLS side of a listener. */
export interface TlsListener {
  /** Handshakes that are under way. */
  readonly handshakes: number;
  /** Connections whose handshake has not begun, since too many are under way. */
  readonly waiting: number;
  /** Handshakes that failed or took too long, and connections that did not get as far as one. */
  readonly failures: number;
  /**
   * New connections get these from now on; those that are there, and handshakes under way, go on with the old ones.
   *
   * @throws Error that says what is wrong with them; then the old ones stay
   */
  refresh(credentials: TlsCredentials): void;
}

/**
 * Why a server is `untrusted`, as far as the runtime says.
 *
 * - its certificate has `expired`, is `not-yet-valid`, for an `other-name`, `self-signed`, or of an
 *   `unknown-authority`
 * - `no-tls`: it answers in something else; `no-common-version`: none of ours
 * - `certificate-required`, `certificate-refused`: it wants one of us, or not the one that it got
 * - `own-certificate`: ours is no good, and nothing was tried
 * - `refused`: it said no, and not why
 */
export type Distrust =
  | "expired"
  | "not-yet-valid"
  | "other-name"
  | "self-signed"
  | "unknown-authority"
  | "no-tls"
  | "no-common-version"
  | "certificate-required"
  | "certificate-refused"
  | "own-certificate"
  | "refused";

/** TLS as a client. */
export interface TlsConnectOptions extends Partial<TlsCredentials> {
  /** Whose certificate the server's has to be. Default: the endpoint's host; a unix socket has none. */
  readonly servername?: string;
  /** Whether the server's certificate is looked at. Default: true. */
  readonly verify?: boolean;
  readonly ciphers?: string;
  /** Default: TLSv1.2. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

/** How long a client may take for its handshake. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** How many handshakes may be under way at a listener. */
export const HANDSHAKES_MAX = 1_024;

/** How many connections may wait for a handshake there, each with a file descriptor of the process. */
export const HANDSHAKES_WAITING_MAX = 4_096;
