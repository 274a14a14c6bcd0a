// How stderr is written to without waiting for whoever reads it. What `console.error` does with a full pipe was tried:
// Node keeps it in memory, Bun and Deno stand still.

import { write } from "node:fs";
import process from "node:process";
import type { Sink } from "./stderr-lines.ts";

/** Writes some bytes. @returns how many it were */
type Write = (bytes: Uint8Array) => Promise<number>;

declare const Deno: { readonly stderr: { readonly write: Write } };

const STDERR = 2;

/**
 * Node's stream of a pipe or a socket never waits. On Bun and Deno a thread of theirs does; on Node that would not do,
 * since its exit waits for its threads.
 */
export function sinkOf(runtime: "node" | "bun" | "deno"): Sink {
  switch (runtime) {
    case "node":
      process.stderr.on("error", () => {}); // the write is told as well, and without this the process would end
      return (text, done) => void process.stderr.write(text, done);
    case "bun":
      return sinkInto(writeByThread);
    case "deno":
      return sinkInto((bytes) => Deno.stderr.write(bytes));
  }
}

/**
 * One write at a time, of several who each wait for their own to be done: on Bun one that does not end keeps a thread
 * of few, which reading and writing of files need as well.
 */
export function inTurn(sink: Sink): Sink {
  const waiting: Parameters<Sink>[] = [];
  let isWriting = false;
  const next = (): void => {
    const [text, done] = waiting.shift() ?? [];
    isWriting = text !== undefined;
    if (text === undefined) return;
    sink(text, (error) => {
      done?.(error);
      next();
    });
  };
  return (...asked) => {
    waiting.push(asked);
    if (!isWriting) next();
  };
}

const writeByThread: Write = (bytes) =>
  new Promise((resolve, reject) => {
    write(STDERR, bytes, (error, written) => (error ? reject(error) : resolve(written)));
  });

function sinkInto(writeSome: Write): Sink {
  const encoder = new TextEncoder();
  const writeAll = async (...[text, done]: Parameters<Sink>): Promise<void> => {
    try {
      let bytes = encoder.encode(text);
      while (bytes.length > 0) bytes = bytes.subarray(await writeSome(bytes));
    } catch (error) {
      return done(error as Error);
    }
    done();
  };
  return (text, done) => void writeAll(text, done);
}
