// Requests to one server that are not sent yet: their bytes, joined, and the fragments that wait for them.
//
//     output    set k 0 0 1..x..get a b c        fragments, each with its bytes:   [set k] [get a b c]
//                               ^ an open line: the next `get` of one key joins it
//
// A request that waited too long is taken out alone, bytes and all, because it is always the first. One that was given
// up leaves a gap, and gaps are closed when the bytes are sent or half of them are gaps: so giving up costs a look for
// the request and no more than its own bytes again, however much is queued. Hot path.

import { SendBuffer } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import type { ServerContext } from "./context.ts";
import type { FleetCounters, ServerCounters } from "./counters.ts";
import { TIMED_OUT } from "./failure.ts";
import { Fragment, FragmentQueue, type Expected, type Waiter } from "./fragment.ts";
import { GET, LINE_END, MERGED_MAX, MergedGet } from "./merged-get.ts";

/** Lines of merged gets kept for the next ones. */
const SPARE_MAX = 256;

/** What waits for a connection that has less is not counted. */
export const MUCH_BYTES = 65_536;

export class RequestQueue {
  /** Requests in it. */
  requests = 0;
  readonly #output: SendBuffer;
  readonly #fragments: FragmentQueue = new FragmentQueue();
  /** Bytes of the fragments: the output, but for what is being written. */
  #bytes = 0;
  /** Those of them that are gaps. */
  #bytesGone = 0;
  /** The last fragment, if it is a line that still has no end. */
  #openGet: MergedGet | null = null;
  readonly #spareGets: MergedGet[] = [];
  readonly #counters: ServerCounters;
  readonly #fleet: FleetCounters;
  readonly #muchBytes: number;
  /** What the network was given and has not taken yet. */
  #lentBytes = 0;
  /** Bytes of it and of what is to be sent in `queuedBytesNow`, which only connections that have much are counted in. */
  #countedBytes = 0;

  constructor({ fleet, limits, pool }: ServerContext, counters: ServerCounters) {
    this.#output = new SendBuffer(pool);
    this.#counters = counters;
    this.#fleet = fleet;
    this.#muchBytes = Math.min(MUCH_BYTES, limits.queuedBytesTotalMax);
  }

  /** Bytes that are to be sent. */
  get length(): number {
    return this.#output.length - this.#bytesGone;
  }

  /** Whether so much waits that it counts where the bound of all servers is met. */
  get hasMuch(): boolean {
    return this.#countedBytes > 0;
  }

  /** The one that is sent next, never one that was given up. */
  get head(): Fragment | null {
    return this.#fragments.head;
  }

  /** When the next of them is too late to be sent. */
  get deadline(): Millis {
    return this.head === null ? Infinity : this.head.deadline;
  }

  /** Where a request is written, whole, and then followed by a `push`. */
  get output(): SendBuffer {
    this.closeLine();
    return this.#output;
  }

  /** A whole request was written to `output`. */
  push(waiter: Waiter, expected: Expected, deadline: Millis): void {
    const fragment = new Fragment(waiter, expected, this.#output.length - this.#bytes, deadline);
    this.#bytes = this.#output.length;
    this.#fragments.push(fragment);
    this.#add(1);
    this.count();
  }

  /**
   * A `get` of one key, which joins those that nothing else came behind.
   *
   * @param leavesNow Whether what is queued is sent in this turn. If not, it may come to wait too long, each request
   * by its own clock, and stays alone.
   */
  get(
    waiter: Waiter,
    bytes: Uint8Array,
    start: number,
    end: number,
    deadline: Millis,
    leavesNow: boolean,
  ): void {
    let line = this.#openGet;
    if (line === null) {
      line = this.#spareGets.pop() ?? new MergedGet();
      line.deadline = deadline;
      this.#openGet = line;
      this.#fragments.push(line);
      this.#output.copy(GET, 0, GET.length);
    }
    this.#output.byte(32);
    this.#output.copy(bytes, start, end);
    line.add(waiter, bytes, start, end);
    if (!leavesNow || line.requests === MERGED_MAX) this.closeLine();
    this.#add(1);
    this.count();
  }

  /** Bytes came or went. */
  count(): void {
    const bytes = this.length + this.#lentBytes;
    if (bytes < this.#muchBytes && this.#countedBytes === 0) return;
    const counted = bytes < this.#muchBytes ? 0 : bytes;
    this.#fleet.queuedBytesNow += counted - this.#countedBytes;
    this.#countedBytes = counted;
  }

  /** No further `get` joins the last one. */
  closeLine(): void {
    const line = this.#openGet;
    if (line === null) return;
    this.#openGet = null;
    this.#output.copy(LINE_END, 0, LINE_END.length);
    line.bytes = this.#output.length - this.#bytes;
    this.#bytes = this.#output.length;
  }

  /** Takes out those that were not sent in time: they never will be, because their clients are told now. */
  tellLate(now: Millis): void {
    while (this.deadline <= now) {
      this.closeLine();
      const late = this.#removeFirst();
      this.#add(-late.requests);
      this.#counters.queuedTimeouts += late.requests;
      this.#removeGone();
      this.count();
      late.fail(TIMED_OUT);
    }
  }

  /**
   * Takes the request of one waiter out, which is then never sent; it is looked for from the first on.
   *
   * @returns false if it is not here
   */
  giveUp(waiter: Waiter): boolean {
    this.closeLine();
    for (let fragment = this.head; fragment !== null; fragment = fragment.next) {
      const before = fragment.bytesGone;
      if (!fragment.giveUp(waiter)) continue;
      this.#bytesGone += fragment.bytesGone - before;
      this.#add(-1);
      this.#counters.givenUp++;
      this.#removeGone();
      if (this.#bytesGone * 2 > this.#output.length) this.#closeGaps();
      this.count();
      return true;
    }
    return false;
  }

  /** Takes out what was given up in front of the first that is to be sent. */
  #removeGone(): void {
    while (this.head !== null && this.head.requests === 0) this.#removeFirst();
  }

  #removeFirst(): Fragment {
    const fragment = this.#fragments.shift();
    this.#output.skip(fragment.bytes);
    this.#bytes -= fragment.bytes;
    this.#bytesGone -= fragment.bytesGone;
    return fragment;
  }

  /** Writes again, one behind the other, what is to be sent. */
  #closeGaps(): void {
    const output = this.#output;
    const source = output.take(); // writing goes on behind it
    let start = 0;
    let before: Fragment | null = null;
    for (let fragment = this.head; fragment !== null; fragment = fragment.next) {
      const end: number = start + fragment.bytes;
      if (fragment.requests === 0) this.#fragments.remove(before);
      else {
        const written = output.length;
        fragment.rewrite(output, source, start);
        fragment.bytes = output.length - written;
        fragment.bytesGone = 0;
        before = fragment;
      }
      start = end;
    }
    this.#bytes = output.length;
    this.#bytesGone = 0;
  }

  /** Lends all bytes, and moves all fragments behind those in flight. */
  take(inFlight: FragmentQueue): Uint8Array {
    this.closeLine();
    if (this.#bytesGone > 0) this.#closeGaps();
    inFlight.append(this.#fragments);
    this.#add(-this.requests);
    this.#bytes = 0;
    const bytes = this.#output.take();
    this.#lentBytes = bytes.length;
    return bytes;
  }

  reclaim(): void {
    this.#output.reclaim();
    this.#lentBytes = 0;
    this.count();
  }

  /** Forgets all bytes, and moves all fragments behind those that failed. */
  clear(failed: FragmentQueue): void {
    this.#output.clear();
    failed.append(this.#fragments);
    this.#add(-this.requests);
    this.#bytes = 0;
    this.#bytesGone = 0;
    this.#openGet = null;
    this.#lentBytes = 0; // the network may still have some of it
    this.count();
  }

  /** An answered fragment that nobody refers to any more. */
  recycle(fragment: Fragment): void {
    if (!(fragment instanceof MergedGet) || this.#spareGets.length >= SPARE_MAX) return;
    fragment.reset();
    this.#spareGets.push(fragment);
  }

  #add(requests: number): void {
    this.requests += requests;
    this.#counters.queuedNow += requests;
  }
}
