// What Bun has no option for and the system does: functions of the C library, by bun:ffi. That is experimental, and
// loaded only where one of them is wanted.

import type { FFIFunction, Library } from "bun:ffi";

const NAMES: Readonly<Record<string, readonly string[]>> = {
  linux: ["libc.so.6", "libc.so"], // glibc, musl
  darwin: ["libSystem.dylib"],
};

/** @returns undefined where the C library is not found, or lacks one of these */
export async function openLibrary<const Wanted extends Readonly<Record<string, FFIFunction>>>(
  wanted: Wanted,
): Promise<Library<Wanted> | undefined> {
  const { dlopen } = await import("bun:ffi");
  for (const name of NAMES[process.platform] ?? []) {
    try {
      return dlopen(name, wanted);
    } catch {
      continue; // not the C library of this system
    }
  }
  return undefined;
}
