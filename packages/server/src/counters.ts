// What a server counts, named as memcached's `stats` names it. What its store counts comes on top.

import type { Stored } from "@memwire/store";

export interface ServerCounters {
  /** Open now; the others count events since the start or `stats reset`. */
  currConnections: number;
  totalConnections: number;
  /** Turned away at `connectionsMax`. */
  rejectedConnections: number;
  /** How often a connection left its turn to others with more to be done. */
  connYields: number;
  /** Connections closed for their time: while idle, in the middle of a command, with a reply they did not take. */
  idleKicks: number;
  receiveTimeouts: number;
  sendTimeouts: number;
  /** Large replies that were not sent since clients did not take what `bufferedBytesMax` has room for. */
  repliesRefused: number;
  /** How often a connection was read no further because it did not take its replies. */
  pauses: number;
  bytesRead: number;
  bytesWritten: number;
  /** Keys asked for, with `get`, `gets`, `mg` and the binary ones of that kind. */
  cmdGet: number;
  /** Values received to be stored, with any storage command. */
  cmdSet: number;
  cmdFlush: number;
  /** Keys touched, with `touch`, `gat` and `gats`; those found and touched with `mg`. */
  cmdTouch: number;
  /** Items looked at with `me`, as memcached counts it. */
  cmdMeta: number;
  getHits: number;
  getMisses: number;
  deleteHits: number;
  deleteMisses: number;
  incrHits: number;
  incrMisses: number;
  decrHits: number;
  decrMisses: number;
  casHits: number;
  casMisses: number;
  casBadval: number;
  touchHits: number;
  touchMisses: number;
  /** Values refused for their size before they were received; the store refuses others. */
  tooLarge: number;
  /** Attempts to say who one is, and those that failed. */
  authCmds: number;
  authErrors: number;
  /** Datagrams that were no request, as memcached sees it, or came where clients have to say who they are. */
  datagramsIgnored: number;
  /** Replies that were not sent since too many datagrams waited already. */
  datagramRepliesDropped: number;
  /** Lines for watchers; those that other workers were not told of; what watchers got and what they missed. */
  logWorkerWritten: number;
  logWorkerDropped: number;
  logWatcherSent: number;
  logWatcherSkipped: number;
  /** Commands for keys whose prefix was one too many for `stats detail`. */
  prefixesDropped: number;
}

export function zeroCounters(): ServerCounters {
  return {
    currConnections: 0,
    totalConnections: 0,
    rejectedConnections: 0,
    connYields: 0,
    idleKicks: 0,
    receiveTimeouts: 0,
    sendTimeouts: 0,
    repliesRefused: 0,
    pauses: 0,
    bytesRead: 0,
    bytesWritten: 0,
    cmdGet: 0,
    cmdSet: 0,
    cmdFlush: 0,
    cmdTouch: 0,
    cmdMeta: 0,
    getHits: 0,
    getMisses: 0,
    deleteHits: 0,
    deleteMisses: 0,
    incrHits: 0,
    incrMisses: 0,
    decrHits: 0,
    decrMisses: 0,
    casHits: 0,
    casMisses: 0,
    casBadval: 0,
    touchHits: 0,
    touchMisses: 0,
    tooLarge: 0,
    authCmds: 0,
    authErrors: 0,
    datagramsIgnored: 0,
    datagramRepliesDropped: 0,
    logWorkerWritten: 0,
    logWorkerDropped: 0,
    logWatcherSent: 0,
    logWatcherSkipped: 0,
    prefixesDropped: 0,
  };
}

/** Counts how a compare-and-store went. Hot path. */
export function countCompared(counters: ServerCounters, stored: Stored): void {
  if (stored === "stored") counters.casHits++;
  else if (stored === "exists") counters.casBadval++;
  else if (stored === "not-found") counters.casMisses++;
}
