import process from "node:process";
import type { StderrLines } from "@memwire/program";

/** Files of one kind that are read again. */
export interface RereadFiles {
  /** Such as `certificates`. */
  readonly what: string;
  /** Whether there is any. */
  readonly some: boolean;
  /** Reads all of them again. @throws Error that says what is wrong with one; then nothing has changed */
  refresh(): void;
  /** What is to be said of what was read, once. */
  takeNotes?(): readonly string[];
}

/** From now on SIGHUP reads files again, and says how that went; it ends nobody, also where there are none. */
export function refreshOnHangup(kinds: readonly RereadFiles[], lines: StderrLines): void {
  process.on("SIGHUP", () => {
    const there = kinds.filter(({ some }) => some);
    for (const files of there) for (const line of refreshed(files)) lines.say(line);
    if (there.length > 0) return;
    lines.say(`there are no ${kinds.map(({ what }) => what).join(" or ")} to read again`);
  });
}

function refreshed(files: RereadFiles): readonly string[] {
  try {
    files.refresh();
    return [`${files.what} are read again`, ...(files.takeNotes?.() ?? [])];
  } catch (error) {
    return [`${files.what} stay as they are: ${(error as Error).message}`];
  }
}
