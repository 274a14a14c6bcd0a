import { connect } from "node:net";
import { openAdapter } from "@memwire/adapter";
import { drive } from "@memwire/engine";
import { ServerEngine } from "@memwire/server";

const { network, clock } = await openAdapter();
const server = drive(new ServerEngine(), network, clock);
const { endpoint } = await server.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });

const client = connect(endpoint);
client.write("set greeting 0 0 5\r\nhello\r\nget greeting\r\nquit\r\n");
let reply = "";
for await (const chunk of client) reply += String(chunk);
console.log(JSON.stringify(reply)); // "STORED\r\nVALUE greeting 0 5\r\nhello\r\nEND\r\n"

await server.close();
