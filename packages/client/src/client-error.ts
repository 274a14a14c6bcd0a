// What a call rejects with when the world failed it.

/**
 * Why a call has no answer.
 *
 * - `refused`, `not-found`, `reset`, `timed-out`, `unreachable`, `denied`, `untrusted`, `exhausted`, `closed`,
 *   `failed`: the connection could not be made or was lost, or the server did not answer in time
 * - `broken-reply`: the server sent what is no answer to what it was asked
 * - `overflow`: `inFlightMax`, `queuedMax` or `queuedBytesMax` of that server is reached, or `queuedBytesTotalMax` of all;
 *   nothing was sent
 * - `server-error`, `client-error`, `error`: the server's own error line
 * - `aborted`: the call's signal
 * - `client-closed`: `close()` was called before
 */
export type ClientErrorCode =
  | "refused"
  | "not-found"
  | "reset"
  | "timed-out"
  | "unreachable"
  | "denied"
  | "untrusted"
  | "exhausted"
  | "closed"
  | "failed"
  | "broken-reply"
  | "overflow"
  | "server-error"
  | "client-error"
  | "error"
  | "aborted"
  | "client-closed";

/** The one error class of this package; a caller's own mistakes are `RangeError` and `TypeError`. */
export class ClientError extends Error {
  override readonly name: string = "ClientError";
  readonly code: ClientErrorCode;
  /** The name of the server that was asked; empty if none was. */
  readonly server: string;

  /** @param cause For `aborted`, the signal's reason. */
  constructor(code: ClientErrorCode, server: string, message: string, cause?: unknown) {
    super(server === "" ? message : `${server}: ${message}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.server = server;
  }
}
