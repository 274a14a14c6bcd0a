// Why a server cannot answer, for programs as a code and for clients as a line. The texts are twemproxy's where it
// has one, so that users who moved from it find what they look for; which server it was is in `stats`.

import { latin1Bytes } from "@memwire/codec";
import type { CloseCause, Distrust, Endpoint } from "@memwire/engine";

/** Shared and read only. */
export interface Failure {
  /**
   * `broken-reply`: the server sent what is no answer to what it was asked. `overflow`: a bound is reached, such as
   * `inFlightMax`, `queuedMax`, `queuedBytesMax` or `queuedBytesTotalMax`. `denied`: it takes no connection of ours, or
   * not our password.
   * `closed`: we closed the connection, or make none. The others: it could not be made or was lost, or took too long.
   */
  readonly code: CloseCause | "broken-reply" | "overflow";
  /** What it was, without `SERVER_ERROR`; may say more than the line. */
  readonly text: string;
  /** The whole reply line. */
  readonly line: Uint8Array;
}

const failure = (code: Failure["code"], text: string): Failure => ({
  code,
  text,
  line: latin1Bytes(`SERVER_ERROR ${text}\r\n`),
});

/** A connection that could not be made or was lost. */
const causes: Readonly<Record<CloseCause, Failure>> = {
  refused: failure("refused", "Connection refused"),
  reset: failure("reset", "Connection reset by peer"),
  closed: failure("closed", "Connection reset by peer"),
  "timed-out": failure("timed-out", "Connection timed out"),
  unreachable: failure("unreachable", "No route to host"),
  "not-found": failure("not-found", "Host not found"),
  denied: failure("denied", "Permission denied"),
  untrusted: failure("untrusted", "TLS handshake failed"),
  exhausted: failure("exhausted", "Too many open files"),
  failed: failure("failed", "backend failure"),
};

const untrusted = (why: string): Failure => failure("untrusted", `TLS handshake failed: ${why}`);

/** A server that is not trusted, or does not trust us. */
const distrusts: Readonly<Record<Distrust, Failure>> = {
  expired: untrusted("certificate has expired"),
  "not-yet-valid": untrusted("certificate is not valid yet"),
  "other-name": untrusted("certificate is for another name"),
  "self-signed": untrusted("certificate is self-signed"),
  "unknown-authority": untrusted("certificate is of an unknown authority"),
  "no-tls": untrusted("server answers without TLS"),
  "no-common-version": untrusted("no TLS version in common"),
  "certificate-required": untrusted("server wants a certificate"),
  "certificate-refused": untrusted("server does not take our certificate"),
  "own-certificate": untrusted("our certificate is no good"),
  refused: untrusted("refused by server"),
};

const NO_SUCH_FILE = failure("not-found", "No such file or directory");

export const failureOf = (cause: CloseCause): Failure => causes[cause];

/** The same where it is known to whom, as a unix socket has no host, and why a server is `untrusted`. */
export function failureTo({ kind }: Endpoint, cause: CloseCause, distrust: Distrust | undefined): Failure {
  if (cause === "not-found" && kind === "unix") return NO_SUCH_FILE;
  return cause === "untrusted" && distrust !== undefined ? distrusts[distrust] : causes[cause];
}

export const TIMED_OUT: Failure = failureOf("timed-out");
export const BROKEN_REPLY: Failure = failure("broken-reply", "backend failure");
/** An answer began and did not end in time. */
export const UNFINISHED: Failure = failure("timed-out", "backend failure");
export const UNAUTHENTICATED: Failure = failure("denied", "backend authentication failed");
/** memcached's words, but not as an answer of its own. */
export const SERVER_FULL: Failure = failure("refused", "Too many open connections");
export const TAKEN_OUT: Failure = failure("closed", "backend taken out by its operator");
/** What is queued counts, as it will be in flight all at once. */
export const TOO_MANY: Failure = failure("overflow", "too many requests in flight");
/** Programs are told which bound it was; clients have one line for all three. */
export const TOO_MANY_QUEUED: Failure = { ...TOO_MANY, text: "too many requests wait to be sent" };
export const TOO_MUCH_QUEUED: Failure = { ...TOO_MANY, text: "too many bytes wait to be sent" };
export const TOO_MANY_ACTIVE: Failure = failure("overflow", "active request limit reached");
export const TOO_OFTEN: Failure = failure("overflow", "request rate limit reached");
export const CLIENT_TOO_OFTEN: Failure = failure("overflow", "request rate limit of this client reached");
export const TOO_MANY_UPLOADS: Failure = failure("overflow", "too many large values on their way");
export const BUFFERS_FULL: Failure = failure("overflow", "buffer memory limit reached");
export const QUEUES_FULL: Failure = failure("overflow", "queue memory limit reached");
