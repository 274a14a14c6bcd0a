import { connect } from "node:net";
import { openAdapter } from "@memwire/adapter";
import { drive } from "@memwire/engine";
import { InvalidationEngine } from "@memwire/invalidation";
import { createDistribution } from "@memwire/router";
import { ServerEngine } from "@memwire/server";

const { network, clock } = await openAdapter();
const anyPort = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
const memcached = drive(new ServerEngine(), network, clock);
const { endpoint } = await memcached.listen(anyPort);

const servers = [{ name: "10.0.0.1:11211", host: "10.0.0.1", port: 11211, endpoint }];
const distribution = createDistribution({ distribution: "ketama", hash: "md5", servers });
const engine = new InvalidationEngine({ servers, distribution });
const driver = drive(engine, network, clock);
const front = await driver.listen(anyPort);

const client = connect(front.endpoint);
client.write("set user:42 0 0 3\r\nAda\r\ndelete user:43\r\nquit\r\n");
let reply = "";
for await (const chunk of client) reply += String(chunk);
console.log(JSON.stringify(reply)); // "STORED\r\nDELETED\r\n"

engine.drain(clock.now());
driver.wake();
await driver.idle();
console.log(engine.keys); // 0
console.log(engine.servers()[0]?.deletes.done); // 2
await driver.close();
await memcached.close();
