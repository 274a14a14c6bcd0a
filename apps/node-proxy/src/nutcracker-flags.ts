// Those of nutcracker 0.5's flags that this program has no use for: what is said of each, so that whoever puts it into
// an old init script knows what to do instead.
//
// Refused is what somebody would miss: a daemon, a file, a port that another program looks at. What only tunes
// nutcracker itself is taken, and said to have no effect. The others (-c, -t, -h, -V) are this program's own as well.

import { Option, wholeNumber, type Command } from "@memwire/program";

interface Row {
  /** As commander has it. */
  readonly flag: string;
  readonly instead: string;
  /** Reads what stands behind one that is taken. @throws RangeError for what nutcracker would not take */
  readonly takes?: (text: string) => number;
}

const NUMBER_MAX = 2_147_483_647;

const overPort = "statistics are asked for with stats, on the port of a pool";

/** By the names that commander has for them. */
const rows: Readonly<Record<string, Row>> = {
  daemonize: {
    flag: "-d, --daemonize",
    instead:
      "it stays in the foreground: systemd (Type=simple) and start-stop-daemon --background put it into the background",
  },
  describeStats: {
    flag: "-D, --describe-stats",
    instead: `${overPort}, and docs/operating-the-proxy.md has what they mean`,
  },
  output: { flag: "-o, --output <file>", instead: "it logs on stderr: redirect that, as in 2>>FILE" },
  pidFile: {
    flag: "-p, --pid-file <file>",
    instead:
      "it writes none: systemd needs none, start-stop-daemon --make-pidfile makes one, and stats has pid",
  },
  statsPort: { flag: "-s, --stats-port <port>", instead: overPort },
  statsAddr: { flag: "-a, --stats-addr <address>", instead: overPort },
  verbose: {
    flag: "-v, --verbose <level>",
    instead: "there are no levels, what is worth a line is said",
    takes: wholeNumber("-v", 0, NUMBER_MAX),
  },
  statsInterval: {
    flag: "-i, --stats-interval <ms>",
    instead: "stats says how things are when it is asked",
    takes: wholeNumber("-i", 0, NUMBER_MAX),
  },
  mbufSize: {
    flag: "-m, --mbuf-size <bytes>",
    instead: "every buffer has a bound of its own, and a large value is handed on as it comes",
    takes: wholeNumber("-m", 512, 16_777_216),
  },
};

/** Gives a command these flags, without a word of them in its help. */
export function addNutcrackerFlags(command: Command): Command {
  for (const { flag } of Object.values(rows)) command.addOption(new Option(flag).hideHelp());
  return command;
}

/** What is to be said of those that are there. */
export interface OnNutcrackerFlags {
  /** Of those that are refused, and what to do instead; and of those with a value that nutcracker would not take. */
  readonly mistakes: readonly string[];
  /** Of those that have no effect. */
  readonly notes: readonly string[];
}

/** @param flags What commander has read. */
export function onNutcrackerFlags(flags: Readonly<Record<string, unknown>>): OnNutcrackerFlags {
  const mistakes: string[] = [];
  const notes: string[] = [];
  for (const [name, { flag, instead, takes }] of Object.entries(rows)) {
    const given = flags[name];
    if (given === undefined) continue;
    const wrong = takes === undefined ? undefined : mistakeOf(takes, given as string);
    if (wrong !== undefined) mistakes.push(wrong);
    else if (takes === undefined) mistakes.push(`${namesOf(flag)} must be taken out: ${instead}`);
    else notes.push(`${namesOf(flag)} has no effect: ${instead}`);
  }
  return { mistakes, notes };
}

function mistakeOf(takes: (text: string) => number, text: string): string | undefined {
  try {
    takes(text);
    return undefined;
  } catch (error) {
    return (error as RangeError).message;
  }
}

/** `-o (--output)` of `-o, --output <file>`. */
function namesOf(flag: string): string {
  const [short = "", long = ""] = flag.replace(/ <.*/, "").split(", ");
  return `${short} (${long})`;
}
