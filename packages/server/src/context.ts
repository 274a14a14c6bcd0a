// What the commands of one server share.

import { latin1Bytes, type Protocol } from "@memwire/codec";
import { type ConnectionId, type Endpoint, type ListenerId, type Millis, Outbox } from "@memwire/engine";
import { type Store, type StoreListener, Terms } from "@memwire/store";
import { ReplyRoom } from "./reply-room.ts";
import type { Connection } from "./connection.ts";
import { Uploads } from "./uploads.ts";
import { type ServerCounters, zeroCounters } from "./counters.ts";
import { Decoders } from "./decoders.ts";
import { DebugClock } from "./admin/debug-clock.ts";
import { MetaKey } from "./meta/meta-key.ts";
import { type ServerOptions, type ServerSettings, settingsOf } from "./options.ts";
import { ConnectionSurvey } from "./stats/connection-survey.ts";
import { PrefixCounters } from "./stats/prefix-counters.ts";
import { Transcript } from "./admin/transcript.ts";
import { Watchers } from "./admin/watchers.ts";
import { type Remembered, WorkerRelay } from "./workers/worker-relay.ts";

/** Of an unsigned 64-bit number. */
const DIGITS_MAX = 20;

/** No accessor is in it: with one V8 looks up all of it as in a dictionary, a tenth of what a request costs. */
export interface Context {
  readonly settings: ServerSettings;
  readonly store: Store;
  readonly counters: ServerCounters;
  /** What the engine wants done: a command may end its connection by it. */
  readonly outbox: Outbox;
  readonly replyRoom: ReplyRoom;
  readonly uploads: Uploads;
  readonly decoders: Decoders;
  readonly connections: Map<ConnectionId, Connection>;
  /** What the connection that is answered may have unsent. */
  unsentBytesMax: number;
  /** The option of that name, but while a datagram is answered: that is made of a copy. */
  lentBytesLeast: number;
  /** As far as the host has told of them. */
  readonly listeners: Map<ListenerId, Endpoint>;
  /** What connections speak that come by these: not what others do. */
  readonly protocols: Map<ListenerId, "auto" | Protocol>;
  readonly watchers: Watchers;
  readonly prefixes: PrefixCounters;
  /** Where the time of the items is not the host's. */
  readonly debugClock: DebugClock | undefined;
  /** The whole reply to `version`. */
  readonly versionReply: Uint8Array;
  /** Room for a number in decimal, for the length of a call. */
  readonly digits: Uint8Array;
  startedAt: Millis | undefined;
  /** Whose commands are carried out now, and when that is: a command may move the time of those behind it. */
  client: ConnectionId;
  now: Millis;
  /** Whether commands for items have to tell what they do: observation.ts. */
  observed: boolean;
  /** What the store had come across when a look-up was noted last. */
  expiredMet: number;
  flushedMet: number;
  /** While evictions are watched: who listened to the store before. */
  evictionListener: { readonly before: StoreListener | undefined } | undefined;
  /** Where there are no other workers. */
  ownVerbosity: number;
  readonly transcript: Transcript | undefined;
  /** Of the meta command at hand: its key; of that or the binary request, its terms. */
  readonly key: MetaKey;
  readonly terms: Terms;
  /** What is to be told to other workers, and what they have told. */
  readonly relay: WorkerRelay;
  readonly survey: ConnectionSurvey;
  readonly remembered: Remembered;
}

export function contextOf(options: ServerOptions): Context {
  const settings = settingsOf(options);
  const { limits, store, workers } = settings;
  const counters = workers?.begun() ?? zeroCounters();
  const outbox = new Outbox();
  const relay = new WorkerRelay(settings.tellWorkers, counters, limits.workerLinesMax);
  const prefixes = new PrefixCounters(
    settings.prefixDelimiter,
    limits.prefixesMax,
    settings.detailEnabled,
    counters,
    relay.hasOthers,
  );
  // The first one is there before any of the others, and is never replaced.
  if (workers?.worker === 0) workers.verbosity = settings.verbosity;
  store.heldBytesLeast = settings.lentBytesLeast;
  store.readsInPlace = true;
  return {
    settings,
    store,
    counters,
    outbox,
    replyRoom: new ReplyRoom(settings.replyPool),
    uploads: new Uploads(settings.requestPool, outbox),
    decoders: new Decoders(settings, settings.requestPool),
    connections: new Map(),
    unsentBytesMax: limits.unsentBytesMax,
    lentBytesLeast: settings.lentBytesLeast,
    listeners: new Map(),
    protocols: new Map(),
    watchers: new Watchers(outbox, counters, limits, relay, workers),
    prefixes,
    debugClock: settings.debugTimeEnabled ? new DebugClock() : undefined,
    versionReply: latin1Bytes(`VERSION ${settings.version}\r\n`),
    digits: new Uint8Array(DIGITS_MAX),
    startedAt: options.startedAt,
    client: 0,
    now: 0,
    observed: prefixes.counting,
    expiredMet: 0,
    flushedMet: 0,
    evictionListener: undefined,
    ownVerbosity: settings.verbosity,
    transcript: settings.transcript === undefined ? undefined : new Transcript(settings.transcript),
    key: new MetaKey(settings.limits.keyBytesMax),
    terms: new Terms(),
    relay,
    survey: new ConnectionSurvey(relay),
    remembered: {
      sizesEnabled: settings.sizesEnabled,
      oldest: 0,
      crawlerSleep: 100,
      crawlerItems: 0,
      automoveRatio: 0.8,
      automoveFreeRatio: 0.01,
      automoveWindow: 10,
    },
  };
}

/** What `verbosity` said last, to whichever worker; before that what the server was started with. */
export function verbosityOf({ settings: { workers }, ownVerbosity }: Context): number {
  return workers?.verbosity ?? ownVerbosity;
}

export function speakUp(context: Context, verbosity: number): void {
  const { workers } = context.settings;
  if (workers === undefined) context.ownVerbosity = verbosity;
  else workers.verbosity = verbosity;
}

/** Says what becomes of a connection that is in trouble, if anybody wants to hear of it. */
export function say(context: Context, line: string): void {
  const { log } = context.settings;
  if (log !== undefined && verbosityOf(context) > 0) log(line);
}

/** Who is told what clients ask and are answered, if anybody wants to hear of that. */
export function transcriptOf(context: Context): Transcript | undefined {
  const { transcript } = context;
  return transcript !== undefined && verbosityOf(context) > 1 ? transcript : undefined;
}

/** What has been counted, by all workers if there are several. */
export function countedBy({ settings: { workers }, counters }: Context): Readonly<ServerCounters> {
  if (workers === undefined) return counters;
  workers.publish(counters);
  return workers.totals();
}

/** Sets to 0 what counts events; what there is now stays. */
export function resetCounters(context: Context): void {
  const { settings, counters, store } = context;
  countedBy(context);
  if (settings.workers === undefined) {
    Object.assign(counters, zeroCounters(), { currConnections: counters.currConnections });
  } else {
    settings.workers.reset();
  }
  store.resetCounters();
}

/** For `stats`, of all workers. */
export function remember({ remembered, relay }: Context, values: Partial<Remembered>): void {
  Object.assign(remembered, values);
  relay.tell({ kind: "remembered", values });
}
