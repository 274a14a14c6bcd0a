// What datagrams on a real machine have that simulated ones have not: errors of the system, and its bounds.

import { openAdapter } from "@memwire/adapter";
import { UNSENT_DATAGRAM_BYTES_MAX } from "@memwire/engine";
import { expect, test } from "vitest";

const { network, clock, runtime } = await openAdapter();
const deaf = { received: () => {} };

test("an address that this machine has not, and a name that nobody has, are not to be had", async () => {
  await expect(network.bind({ host: "203.0.113.1", port: 0 }, deaf)).rejects.toThrow(
    "cannot bind udp 203.0.113.1:0: this machine has no such address",
  );
  await expect(network.bind({ host: "nobody.invalid", port: 0 }, deaf)).rejects.toThrow(
    "cannot bind udp nobody.invalid:0: no such host name",
  );
});

test("more than may wait is dropped and counted, and later there is room again", async () => {
  const far = await network.bind({ host: "127.0.0.1", port: 0 }, deaf);
  const near = await network.bind({ host: "127.0.0.1", port: 0 }, deaf);
  const piece = new Uint8Array(65_000);
  const room = Math.floor(UNSENT_DATAGRAM_BYTES_MAX / piece.length);
  // Nothing leaves before the turn is over, as each address is looked up first.
  for (let i = 0; i < room + 3; i++) near.send(far.address, piece);
  expect(near.drops).toBe(3);
  const until = clock.now() + 10_000;
  let { drops } = near;
  do {
    await new Promise((resolve) => setTimeout(resolve, 5));
    ({ drops } = near);
    near.send(far.address, piece);
  } while (near.drops > drops && clock.now() < until);
  expect(near.drops).toBe(drops);
  await near.close();
  await far.close();
});

test("datagrams to port 0, or to a name that nobody has, are counted as dropped", async () => {
  const near = await network.bind({ host: "127.0.0.1", port: 0 }, deaf);
  near.send({ host: "nobody.invalid", port: 9 }, Uint8Array.of(1));
  near.send({ host: "127.0.0.1", port: 0 }, Uint8Array.of(1));
  const until = clock.now() + 10_000;
  while (near.drops < 2 && clock.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(near.drops).toBe(2);
  await near.close();
});

if (runtime === "deno") {
  test("Deno says that it cannot share a port for datagrams", async () => {
    await expect(network.bind({ host: "127.0.0.1", port: 0 }, deaf, { reusePort: true })).rejects.toThrow(
      "cannot bind udp 127.0.0.1:0: Deno cannot share a port for datagrams",
    );
  });
}
