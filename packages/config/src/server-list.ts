// The list of servers of a pool or gateway.

import { ringName, SERVERS_MAX } from "@memwire/router";
import * as v from "valibot";
import { parseServer, serverForm, type ServerConfig } from "./address-text.ts";
import { doublesAmong } from "./doubles.ts";
import { ringServer } from "./ring-server.ts";
import { listOf, pathTo, text } from "./value-schema.ts";

/** What the list must be, for messages. */
export const serversForm: string = `a list of at least one ${serverForm}`;

/** At least one server, no two of one name on the ring. */
export const serverList: v.GenericSchema<unknown, ServerConfig[]> = v.pipe(
  listOf(serversForm, text(serverForm, parseServer), 1),
  v.maxLength(SERVERS_MAX, ({ received }) => `must be at most ${SERVERS_MAX} servers, got ${received}`),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const names = dataset.value.map((server) => ringName(ringServer(server)));
    for (const [i, first] of doublesAmong(names)) {
      const message = `is ${names[i]} as servers[${first}] is: take one out, or give it another name`;
      addIssue({ message, path: pathTo(i) });
    }
  }),
);
