import { simulate } from "@memwire/adapter-memory";

const simulation = simulate({ seed: 42, latencyMs: [1, 5] });
const endpoint = { kind: "tcp", host: "server", port: 11211 } as const;
const silent = { connected() {}, received() {}, ended() {}, drained() {}, closed() {} };
void simulation.host("server").listen(endpoint, (transport) => ({
  ...silent,
  received: (chunk) => void transport.write(chunk.slice()),
}));
let echoed = 0;
const client = simulation.host("client").connect(endpoint, {
  ...silent,
  connected: () => void client.write(new Uint8Array(1_000)),
  received: (chunk) => void (echoed += chunk.length),
  closed: (cause) => console.log(cause),
});

simulation.until(() => echoed === 1_000, "the echo");
console.log(`${simulation.elapsedMs} ms`);
// 14.3125 ms
simulation.faults.vanish("server");
simulation.advance(3_600_000);
console.log(simulation.connections().length);
// 1
simulation.faults.restore("server");
client.write(Uint8Array.of(1));
simulation.run();
// reset
