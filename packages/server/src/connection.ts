// One client: what it has asked and not yet been answered, and what it has not yet taken.

import type { Protocol, RequestDecoder } from "@memwire/codec";
import type { ConnectionId, Endpoint, ListenerId, Millis, Port } from "@memwire/engine";
import type { Context } from "./context.ts";
import type { ItemWalk } from "./admin/item-walk.ts";
import type { SurveyReply } from "./stats/connection-survey.ts";
import type { Retrieval } from "./classic/retrieval.ts";
import { Replies } from "./replies.ts";
import { type SaslProgress, STRANGER_BYTES_MAX } from "./users/sasl.ts";
import { TextAuthentication } from "./users/text-authentication.ts";

/** What a datagram's commands have for a connection: no other one has this name. */
export const NOBODY = 0;

export class Connection {
  /** Lent to it while a message has begun: decoders.ts. */
  decoder: RequestDecoder;
  /** What it speaks, as far as that is known: between messages. */
  protocol: Protocol | undefined;
  /** Bytes of a value that it may send in the binary protocol. */
  valueBytesMax: number;
  readonly output: Replies;
  readonly port: Port;
  /**
   * What goes on before anything else is read: a retrieval or a walk through the items whose first part the client is
   * still to take, a reply that waits for other workers, or lines for a watcher, which never end.
   */
  rest: Retrieval | ItemWalk | SurveyReply | "watching" | undefined = undefined;
  /** It has to take its replies before more of it is answered. */
  blocked = false;
  /** It goes on in the next turn. */
  yielded = false;
  /** It is not read: what it sent before comes first. */
  paused = false;
  /** It is not read since there is no room for the value that it sends: uploads.ts. */
  heldUp = false;
  /** The client has half-closed: it is answered, then closed. */
  ended = false;
  /** What it is told to watchers to have ended by. */
  closing: "normal" | "error" | "idle_timeout" | "shutdown" = "normal";
  /** When it last sent or took something. */
  activeAt: Millis;
  /** Where among the quiet ones it is kept: quiet-connections.ts. */
  slot: Connection[] | undefined = undefined;
  slotAt = 0;
  /** When commands of it were carried out last. */
  servedAt: Millis;
  readonly via: ListenerId;
  /** Where it comes from, if the host has said so. */
  readonly peer: Endpoint | undefined;
  /** Whether it may ask for anything in the binary protocol. */
  authenticated: boolean;
  sasl: SaslProgress = "none";
  /** What stands before the text protocol until the client has said who it is. */
  door: TextAuthentication | undefined;

  constructor(
    id: ConnectionId,
    { settings, protocols, decoders, outbox, replyRoom, store }: Context,
    now: Millis,
    via: ListenerId,
    peer: Endpoint | undefined,
  ) {
    const { limits, authentication } = settings;
    const protocol = protocols.get(via) ?? settings.protocol;
    this.activeAt = now;
    this.servedAt = now;
    this.via = via;
    this.peer = peer;
    this.decoder = decoders.idle;
    this.protocol = protocol === "auto" ? undefined : protocol;
    this.output = new Replies(replyRoom, store);
    this.port = outbox.open(id, this.output, true);
    this.authenticated = authentication?.kind !== "sasl";
    this.valueBytesMax = Math.min(limits.valueBytesMax, this.authenticated ? Infinity : STRANGER_BYTES_MAX);
    this.door = authentication?.kind === "ascii" ? new TextAuthentication(authentication.check) : undefined;
  }

  /** It has said who it is, and may send values of this size. */
  know(valueBytesMax: number): void {
    this.authenticated = true;
    this.#allow(valueBytesMax);
  }

  /** It is nobody from now on. */
  forget(): void {
    this.authenticated = false;
    this.#allow(Math.min(this.valueBytesMax, STRANGER_BYTES_MAX));
  }

  #allow(valueBytesMax: number): void {
    this.valueBytesMax = valueBytesMax;
    this.decoder.binary.valueBytesMax = valueBytesMax;
  }
}
