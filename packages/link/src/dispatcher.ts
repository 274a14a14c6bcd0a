import type { Protocol } from "@memwire/codec";
import type { ClientLink } from "./client-link.ts";
import type { Upload } from "./upload.ts";

/** Where a client's requests go. */
export interface Dispatcher {
  /** What its clients speak; `undefined` if their first byte says so. */
  readonly protocol: Protocol | undefined;
  /** Carries out or sends on the decoder's current request. */
  dispatch(client: ClientLink): void;
  /** Says what is wrong with the decoder's current request, which it refused. */
  refuse(client: ClientLink): void;
  /**
   * Sends on the decoder's current request as its value comes. Only where decoders were made to find such.
   *
   * @returns null if it was answered already, and what comes of the value is to be thrown away
   */
  begin?(client: ClientLink): Upload | null;
}
