import process from "node:process";
import { PROGRAM } from "./cli.ts";
import type { PemFiles } from "./pem-files.ts";

/** From now on SIGHUP reads certificates again, and says how that went; it ends nobody, also where there are none. */
export function refreshOnHangup(files: PemFiles): void {
  process.on("SIGHUP", () => {
    try {
      files.refresh();
      console.error(
        `${PROGRAM}: ${files.some ? "certificates are read again" : "there are no certificates to read again"}`,
      );
    } catch (error) {
      console.error(`${PROGRAM}: certificates stay as they are: ${(error as Error).message}`);
    }
  });
}
