// The backlog of a listener that Bun has made. Bun 1.4.5 always asks for 512, and has no option for it; the system
// takes another number at any time, by a second call of `listen`.

const libraries: Readonly<Record<string, readonly string[]>> = {
  linux: ["libc.so.6", "libc.so"], // glibc, musl
  darwin: ["libSystem.dylib"],
};

/** @throws Error where there is no way to ask the system */
export async function setBacklog(listener: object, backlog: number): Promise<void> {
  const { fd } = listener as { fd?: number }; // not in Bun's types
  // Loaded here: bun:ffi is experimental, and whoever is content with 512 should not depend on it.
  const { dlopen } = await import("bun:ffi");
  for (const name of libraries[process.platform] ?? []) {
    let library;
    try {
      library = dlopen(name, { listen: { args: ["int", "int"], returns: "int" } });
    } catch {
      continue; // not the C library of this system
    }
    const answer = library.symbols.listen(fd ?? -1, backlog);
    library.close();
    if (answer === 0) return;
  }
  throw new Error(`Bun listens with a backlog of 512, and could not be told ${backlog} on this system`);
}
