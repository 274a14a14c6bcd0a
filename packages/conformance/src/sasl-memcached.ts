// A memcached that asks who its clients are by SASL, as Debian's is set up: users in a file of Cyrus SASL's.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MemcachedOptions, PeerLibrary } from "./peer.ts";

/** What a memcached must be able to. */
export const WITH_SASL: PeerLibrary = { name: "SASL", check: ["-S", "-V"] };

/**
 * What to start it with.
 *
 * @param saslpasswd2 The program that makes the file of users.
 * @param folder Where that file is put, and the configuration that names it.
 */
export function saslOptions(
  saslpasswd2: string,
  folder: string,
  user: { readonly name: string; readonly password: string },
): MemcachedOptions {
  const users = join(folder, "sasldb");
  const args = ["-p", "-c", "-a", "memcached", "-f", users, user.name];
  execFileSync(saslpasswd2, args, { input: user.password });
  writeFileSync(
    join(folder, "memcached.conf"),
    `mech_list: plain\npwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: ${users}\n`,
  );
  return { args: ["-S"], env: { SASL_CONF_PATH: folder } };
}
