import { openAdapter } from "@memwire/adapter";
import { createClient } from "@memwire/client";
import { drive } from "@memwire/engine";
import { createGateway } from "@memwire/gateway";
import { ServerEngine } from "@memwire/server";

const { network, clock, Response } = await openAdapter();
const server = drive(new ServerEngine(), network, clock); // or real memcacheds
const { endpoint } = await server.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
const port = endpoint.kind === "tcp" ? endpoint.port : 0;

const client = createClient({ network, clock, servers: [{ host: "127.0.0.1", port }] });
const gateway = createGateway({
  client,
  clock,
  Response,
  routes: [{ path: "/api/{uid}?lang", key: "u:{uid}:{lang}" }],
  ratePerAddress: { perSecond: 100, burst: 200 },
});

const ask = (path: string, init?: RequestInit): Promise<Response> =>
  gateway.fetch(new Request(`http://localhost${path}`, init), { address: "127.0.0.1" });

const headers = { "content-type": "application/json" };
const put = await ask("/api/42?lang=de&ttl=60", { method: "PUT", body: '{"name":"Ada"}', headers });
console.log(put.status); // 201
const got = await ask("/kv/u:42:de");
console.log(got.headers.get("content-type"), await got.text()); // application/json {"name":"Ada"}
const many = await ask("/multi?key=u:42:de&key=nothing");
console.log((await many.text()).trimEnd()); // {"complete":true,"items":[{"key":"u:42:de","status":200,"flags":0,"value":"{\"name\":\"Ada\"}"},{"key":"nothing","status":404}]}

await gateway.close();
await client.close();
await server.close();
