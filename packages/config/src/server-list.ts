// The list of servers of a pool or gateway.

import { ringName, SERVERS_MAX } from "@memwire/router";
import * as v from "valibot";
import { parseServer, serverForm, serverPattern, type ServerConfig } from "./address-text.ts";
import { bareServerPattern, parseBareServer } from "./bare-v6.ts";
import { doublesAmong } from "./doubles.ts";
import { ringServer } from "./ring-server.ts";
import { listOf, pathTo, text } from "./value-schema.ts";

/** What the list must be, for messages. */
export const serversForm: string = `a list of at least one ${serverForm}`;

/** At least one server, no two of one name on the ring. */
export const serverList: v.GenericSchema<unknown, ServerConfig[]> = distinctServers(
  listOf(serversForm, text(serverForm, parseServer, serverPattern), 1),
);

/** The same as twemproxy's file has it. */
export const bareServerList: v.GenericSchema<unknown, ServerConfig[]> = distinctServers(
  listOf(serversForm, text(serverForm, parseBareServer, bareServerPattern), 1),
);

/** A list of servers that are not too many, no two of one name on the ring. */
export function distinctServers<Server extends Omit<ServerConfig, "weight">>(
  list: v.GenericSchema<unknown, Server[]>,
): v.GenericSchema<unknown, Server[]> {
  return v.pipe(
    list,
    v.check(
      ({ length }) => length <= SERVERS_MAX,
      ({ input }) => `must be at most ${SERVERS_MAX} servers, got ${input.length}`,
    ),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const names = dataset.value.map((server) => ringName(ringServer({ ...server, weight: 1 })));
      for (const [i, first] of doublesAmong(names)) {
        const message = `is ${names[i]} as servers[${first}] is: take one out, or give it another name`;
        addIssue({ message, path: pathTo(i) });
      }
    }),
  );
}
