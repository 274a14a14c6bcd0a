// The items over a graceful restart, as with memcached's -e.
//
//     start   FILE -> store, FILE -> FILE.restored; once it listens that is removed; FILE.refused if it was none that
//             it could take
//     end     store -> FILE.new, to the disk, FILE.new -> FILE
//
// So a server that crashes starts empty the next time, not with what was true once; and one that crashes, or is killed,
// while it writes leaves no half of a snapshot under the name that is read.

import { access, constants, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock, Millis } from "@memwire/engine";
import { usageMistake, type OtherPart } from "@memwire/program";
import {
  type RestorableStore,
  SnapshotReader,
  type SnapshotResult,
  SnapshotWriter,
  type Store,
} from "@memwire/store";
import { PROGRAM } from "./task.ts";

const READ_BYTES = 1_048_576;
/** Nobody but the server's own user reads what is in its memory. */
const FILE_MODE = 0o600;

export class WarmRestart implements OtherPart {
  /** All it does at the end is write, as long as a large memory takes on a slow disk. */
  readonly endWithinMs: Millis = 3_600_000;
  readonly #file: string;
  readonly #store: Store & RestorableStore;
  readonly #clock: Clock;
  #found: SnapshotResult["outcome"] | undefined;
  #hasBegun = false;
  #left: string | undefined = "the server ended before they were written";

  constructor(file: string, store: Store & RestorableStore, clock: Clock) {
    this.#file = file;
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Reads the file, if there is one, into the store, which nobody uses yet.
   *
   * @returns one line that says what came of it
   * @throws ProgramEnd 2 if the file cannot be read, or the next one not be written
   */
  async read(): Promise<string> {
    try {
      await access(dirname(this.#file), constants.W_OK);
      const result = await this.#read();
      this.#found = result?.outcome;
      return `${PROGRAM}: ${this.#describe(result)}`;
    } catch (error) {
      const reason = reasons[(error as { code?: string }).code ?? ""];
      throw reason === undefined ? error : usageMistake(PROGRAM, `cannot use -e ${this.#file}: ${reason}`);
    }
  }

  /** Clients may come any moment: from now on the file says what was true once. */
  async begins(): Promise<void> {
    this.#hasBegun = true;
    if (this.#found === "restored") await rename(this.#file, this.#restored);
  }

  /** The server cannot listen: nobody has changed anything, and the file is there for the next one. */
  async isOff(): Promise<void> {
    this.#hasBegun = false;
    if (this.#found === "restored") await rename(this.#restored, this.#file);
  }

  /** The server listens. */
  async serves(): Promise<void> {
    await rm(this.#restored, { force: true });
    if (this.#found === "refused") await rename(this.#file, `${this.#file}.refused`);
  }

  /** Writes the file, if clients may have come. */
  async end(): Promise<void> {
    if (!this.#hasBegun) return;
    const path = `${this.#file}.new`;
    try {
      await this.#write(path);
      await rename(path, this.#file);
      await rm(this.#restored, { force: true });
      this.#left = undefined;
    } catch (error) {
      this.#left = (error as Error).message;
      await rm(path, { force: true });
    }
  }

  unfinished(): string | undefined {
    if (!this.#hasBegun) return undefined;
    return this.#left && `${PROGRAM}: the items are not kept in ${this.#file}: ${this.#left}`;
  }

  get #restored(): string {
    return `${this.#file}.restored`;
  }

  async #read(): Promise<SnapshotResult | undefined> {
    const file = await openIfThere(this.#file);
    if (file === undefined) return undefined;
    const reader = new SnapshotReader(this.#store);
    const buffer = new Uint8Array(READ_BYTES);
    try {
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, READ_BYTES, null);
        if (bytesRead === 0) break;
        if (reader.receive(buffer.subarray(0, bytesRead), this.#clock.now()) === "refused") break;
      }
    } finally {
      await file.close();
    }
    return reader.ended(this.#clock.now());
  }

  #describe(result: SnapshotResult | undefined): string {
    if (result === undefined) return `starts empty: there is no ${this.#file} yet`;
    if (result.outcome === "refused") {
      return `starts empty: ${this.#file} is ${result.message}; it is kept as ${this.#file}.refused`;
    }
    const { items, expired, tooLarge, noRoom, evicted, writtenAt } = result;
    const seconds = Math.round((this.#clock.now() - writtenAt) / 1_000);
    const others = [
      [expired, "expired since"],
      [tooLarge, "above -I"],
      [noRoom, "without room"],
      [evicted, "evicted for others"],
    ] as const;
    const counts = others.map(([count, what]) => (count === 0 ? "" : `, ${count} ${what}`));
    return `restored ${items} items from ${this.#file}, written ${seconds} s ago${counts.join("")}`;
  }

  async #write(path: string): Promise<void> {
    const file = await open(path, "w", FILE_MODE);
    try {
      const writer = new SnapshotWriter(this.#store);
      for (;;) {
        const piece = writer.next(this.#clock.now());
        if (piece === undefined) break;
        for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** What the user can put right. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such folder",
  ENOTDIR: "what it should be in is no folder",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
};
