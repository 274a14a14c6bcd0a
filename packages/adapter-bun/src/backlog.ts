// The backlog of a listener that Bun has made. Bun 1.4.5 always asks for 512, and has no option for it; the system
// takes another number at any time, by a second call of `listen`.

import { openLibrary } from "./c-library.ts";

/** @throws Error where there is no way to ask the system */
export async function setBacklog(listener: object, backlog: number): Promise<void> {
  const { fd } = listener as { fd?: number }; // not in Bun's types
  const library = await openLibrary({ listen: { args: ["int", "int"], returns: "int" } });
  const answer = library?.symbols.listen(fd ?? -1, backlog);
  library?.close();
  if (answer === 0) return;
  throw new Error(`Bun listens with a backlog of 512, and could not be told ${backlog} on this system`);
}
