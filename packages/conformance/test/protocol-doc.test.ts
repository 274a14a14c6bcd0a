// docs/protocol.md against server, proxy and invalidation: what the table of commands says that they do not take, they
// do not take, and all else they do.

import { OPCODES } from "@memwire/codec";
import { expect, test } from "vitest";
import { ServerEngine } from "@memwire/server";
import { columnOf, requestOf, rowsOf } from "../../codec/test/protocol-page.ts";
import { Table as InvalidationTable } from "../../invalidation/test/bench.ts";
import { Table as ProxyTable } from "../../proxy/test/bench.ts";
import { req, told } from "../../server/test/binary-party.ts";
import { Bench } from "../../server/test/party.ts";

const newServer = (): Bench => new Bench(new ServerEngine({ debugTimeEnabled: true }));

/** What the commands of operators are asked with. */
const ARGUMENTS: ReadonlyMap<string, string> = new Map([
  ["lru_crawler", "crawl all"],
  ["lru", "mode flat"],
  ["slabs", "automove 0"],
  ["cache_memlimit", "64"],
  ["extstore", "item_age 1"],
  ["debugtime", "1"],
]);

const withArgument = (request: string): string =>
  request.replace(/^\w+(?=\r)/, (command) => `${command} ${ARGUMENTS.get(command) ?? ""}`.trim());

const programs: readonly [program: string, refusal: RegExp, answer: (request: string) => string][] = [
  ["server", /^ERROR\r\n$/, (request) => newServer().connect().send(request).text],
  [
    "proxy",
    /^CLIENT_ERROR \w+ is not supported by this proxy\r\n$/,
    (request) => {
      const table = new ProxyTable();
      const client = table.client();
      table.say(client, request);
      return client.read();
    },
  ],
  [
    "invalidation",
    /^CLIENT_ERROR \w+ is not taken here/,
    (request) => {
      const table = new InvalidationTable();
      const client = table.client();
      table.say(client, request);
      return client.read();
    },
  ],
];

test.each(programs)("the %s takes the commands that the table says it takes", (program, refusal, answer) => {
  const column = columnOf(program);
  for (const row of rowsOf("Requests")) {
    const request = withArgument(requestOf(row));
    const isRefused = /^`(?:ERROR|CLIENT_ERROR)`(?:$| that says)/.test(row[column] ?? "");
    expect([request, refusal.test(answer(request))]).toEqual([request, isRefused]);
  }
});

test("the server takes the binary requests that the table says it takes, those of SASL where it is asked for", () => {
  const users = [{ name: "ann", password: "secret" }];
  const engine = new ServerEngine({ authentication: { kind: "sasl", users } });
  const rows = rowsOf("Binary requests");
  expect(rows).toHaveLength(Object.keys(OPCODES).length);
  for (const [name = "", , , , , , , server] of rows) {
    const { name: opcode } =
      Object.values(OPCODES).find((each) => name === `\`${each.name}\``) ?? OPCODES.noop;
    const client = new Bench(engine).connect();
    const came = told(client.ask(req("sasl-auth", "PLAIN", { value: "\0ann\0secret" })));
    expect(came).toMatchObject([{ status: "ok" }]);
    const answers = told(client.ask(req(opcode, OPCODES[opcode].key === "some" ? "PLAIN" : "")));
    expect([name, answers.every(({ status }) => status !== "unknown-command")]).toEqual([name, true]);
    expect([name, server]).not.toEqual([name, "not there today"]);
  }
});
