import { openAdapter } from "@memwire/adapter";

const { serveHttp, Response } = await openAdapter();
const handler = (request: Request): Response =>
  new Response(`you asked for ${new URL(request.url).pathname}`);
const listener = await serveHttp(handler, {
  endpoint: { kind: "tcp", host: "127.0.0.1", port: 0 },
  bodyBytesMax: 1024 * 1024,
});

const { endpoint } = listener;
if (endpoint.kind === "tcp") {
  const response = await fetch(`http://127.0.0.1:${endpoint.port}/path`);
  console.log(response.status, await response.text()); // 200 you asked for /path
}
await listener.close(1_000);
