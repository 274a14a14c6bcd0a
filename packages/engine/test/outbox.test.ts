import { type Command, Outbox, type Output, type Port } from "@memwire/engine";
import { expect, test } from "vitest";
import fc from "fast-check";

test("what is written before a poll leaves in one send", () => {
  const { outbox, port, output } = open();
  output.write("a");
  outbox.touch(port);
  output.write("b");
  outbox.touch(port);
  expect(drain(outbox)).toEqual(["send 1 ab"]);
});

test("the next send waits for the drained of the one before", () => {
  const { outbox, port, output } = open();
  output.write("a");
  outbox.touch(port);
  expect(drain(outbox)).toEqual(["send 1 a"]);
  output.write("b");
  outbox.touch(port);
  expect(drain(outbox)).toEqual([]);
  outbox.drained(port);
  expect(drain(outbox)).toEqual(["send 1 b"]);
});

test("what is large leaves in sends of 1 MiB, each after the drained of the one before, and then the close", () => {
  const { outbox, port, output } = open();
  output.write("x".repeat(2_500_000));
  outbox.finish(port);
  const sent: string[] = [];
  for (let sends = 0; sends < 4; sends++) {
    for (let command = outbox.poll(); command !== undefined; command = outbox.poll()) {
      sent.push(command.kind === "send" ? `send ${command.bytes.length}` : command.kind);
    }
    outbox.drained(port);
  }
  expect(sent).toEqual(["send 1048576", "send 1048576", "send 402848", "close"]);
});

test("the bytes are the output's again when they are drained, and not before", () => {
  const { outbox, port, output } = open();
  output.write("a");
  outbox.touch(port);
  drain(outbox);
  expect(output.reclaims).toBe(0);
  outbox.drained(port);
  expect(output.reclaims).toBe(1);
});

test("a port that is still to be connected sends when it is", () => {
  const outbox = new Outbox();
  const output = new Text();
  const port = outbox.open(1, output, false);
  output.write("a");
  outbox.touch(port);
  expect(drain(outbox)).toEqual([]);
  outbox.drained(port);
  expect(drain(outbox)).toEqual(["send 1 a"]);
});

test("orders come before sends, in their order", () => {
  const { outbox, port, output } = open();
  output.write("a");
  outbox.touch(port);
  outbox.order({ kind: "pause", id: 1 });
  outbox.order({ kind: "resume", id: 1 });
  expect(drain(outbox)).toEqual(["pause 1", "resume 1", "send 1 a"]);
});

test("finish sends what there is, and closes when it is drained", () => {
  const { outbox, port, output } = open();
  output.write("bye");
  outbox.finish(port);
  expect(drain(outbox)).toEqual(["send 1 bye"]);
  outbox.finish(port);
  expect(drain(outbox)).toEqual([]);
  outbox.drained(port);
  expect(drain(outbox)).toEqual(["close 1"]);
});

test("finish closes at once if there is nothing to send", () => {
  const { outbox, port } = open();
  outbox.finish(port);
  expect(drain(outbox)).toEqual(["close 1"]);
});

test("abort closes at once, once, and sends nothing more", () => {
  const { outbox, port, output } = open();
  output.write("a");
  outbox.touch(port);
  outbox.abort(port);
  outbox.abort(port);
  outbox.finish(port);
  expect(drain(outbox)).toEqual(["close 1"]);
});

test("abort cuts a finish short", () => {
  const { outbox, port, output } = open();
  output.write("a");
  outbox.finish(port);
  drain(outbox);
  outbox.abort(port);
  outbox.drained(port);
  expect(drain(outbox)).toEqual(["close 1"]);
});

test("nothing is asked of a port that was forgotten", () => {
  const { outbox, port, output } = open();
  output.write("a");
  outbox.touch(port);
  outbox.forget(port);
  outbox.finish(port);
  outbox.abort(port);
  expect(drain(outbox)).toEqual([]);
});

test("a held port is sent in the next turn, or in this one if it is touched after all", () => {
  const { outbox, port, output } = open();
  output.write("a");
  outbox.hold(port);
  outbox.hold(port);
  expect(drain(outbox)).toEqual([]);
  expect(outbox.holds).toBe(true);
  outbox.release();
  expect(outbox.holds).toBe(false);
  expect(drain(outbox)).toEqual(["send 1 a"]);
  outbox.drained(port);
  output.write("b");
  outbox.hold(port);
  outbox.touch(port);
  expect(drain(outbox)).toEqual(["send 1 b"]);
  outbox.release();
  expect(drain(outbox)).toEqual([]);
});

test("ports that are held again and again in one turn are each sent once, and none is left behind", () => {
  const outbox = new Outbox();
  const ports = [1, 2, 3].map((id) => {
    const output = new Text();
    output.write("a");
    return outbox.open(id, output, true);
  });
  for (const at of [0, 1, 2, 1, 2]) outbox.hold(ports[at] as Port);
  outbox.release();
  expect(drain(outbox).sort()).toEqual(["send 1 a", "send 2 a", "send 3 a"]);
});

type Deed = "write" | "hold" | "release" | "drained" | "finish" | "abort" | "poll";
const deeds = fc.array(
  fc.tuple(
    fc.constantFrom<Deed>("write", "write", "hold", "release", "drained", "poll", "poll", "finish", "abort"),
    fc.nat(2),
  ),
);

test("sends never overlap, lose nothing and invent nothing, whatever is asked in whatever order", () => {
  fc.assert(
    fc.property(deeds, (steps) => {
      const outbox = new Outbox();
      const all = [0, 1, 2].map((id) => new Watched(outbox, id));
      const poll = (): void => {
        for (let command = outbox.poll(); command !== undefined; command = outbox.poll()) {
          (all[command.id] as Watched).carryOut(command);
        }
      };
      for (const [deed, id] of steps) {
        if (deed === "poll") poll();
        else if (deed === "release") outbox.release();
        else (all[id] as Watched)[deed]();
      }
      for (;;) {
        outbox.release();
        poll();
        const sending = all.filter((watched) => watched.sending);
        if (sending.length === 0) break;
        for (const watched of sending) watched.drained();
      }
      for (const watched of all) watched.check();
    }),
  );
});

/** A port whose every command is held against what was asked. */
class Watched {
  sending = false;
  readonly #outbox: Outbox;
  readonly #output = new Text();
  readonly #port: Port;
  #written = "";
  #sent = "";
  #closes = 0;
  #asked: "nothing" | "finish" | "abort" = "nothing";

  constructor(outbox: Outbox, id: number) {
    this.#outbox = outbox;
    this.#port = outbox.open(id, this.#output, true);
  }

  hold(): void {
    this.#write();
    this.#outbox.hold(this.#port);
  }

  write(): void {
    this.#write();
    this.#outbox.touch(this.#port);
  }

  #write(): void {
    if (this.#asked !== "nothing") return;
    const text = String.fromCharCode(97 + (this.#written.length % 26));
    this.#written += text;
    this.#output.write(text);
  }

  drained(): void {
    if (!this.sending) return;
    this.sending = false;
    this.#outbox.drained(this.#port);
  }

  finish(): void {
    if (this.#asked === "nothing") this.#asked = "finish";
    this.#outbox.finish(this.#port);
  }

  abort(): void {
    if (this.#closes === 0) this.#asked = "abort";
    this.#outbox.abort(this.#port);
  }

  carryOut(command: Command): void {
    expect(this.#closes).toBe(0);
    if (command.kind === "close") {
      this.#closes++;
      if (this.#asked === "abort") this.sending = false;
      expect(this.sending).toBe(false);
      return;
    }
    expect([command.kind, this.sending]).toEqual(["send", false]);
    if (command.kind === "send") this.#sent += textOf(command.bytes);
    this.sending = true;
  }

  check(): void {
    expect(this.#closes).toBe(this.#asked === "nothing" ? 0 : 1);
    if (this.#asked === "abort") expect(this.#written.startsWith(this.#sent)).toBe(true);
    else expect(this.#sent).toBe(this.#written);
  }
}

class Text implements Output {
  #text = "";
  reclaims = 0;

  get length(): number {
    return this.#text.length;
  }

  write(text: string): void {
    this.#text += text;
  }

  take(bytesMax: number): Uint8Array {
    const taken = this.#text.slice(0, bytesMax);
    this.#text = this.#text.slice(bytesMax);
    return Uint8Array.from(taken, (character) => character.charCodeAt(0));
  }

  reclaim(): void {
    this.reclaims++;
  }
}

function open(): { outbox: Outbox; port: Port; output: Text } {
  const outbox = new Outbox();
  const output = new Text();
  return { outbox, port: outbox.open(1, output, true), output };
}

/** Everything there is to do now, in words. */
function drain(outbox: Outbox): string[] {
  const said: string[] = [];
  for (let command = outbox.poll(); command !== undefined; command = outbox.poll()) {
    const bytes = command.kind === "send" ? ` ${textOf(command.bytes)}` : "";
    said.push(`${command.kind} ${command.id}${bytes}`);
  }
  return said;
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
