// Real memcached, held to what it was recorded to answer: this proves the suite itself.

import { serverSuite, startMemcached, withPeer } from "../src/mod.ts";
import { realWorld } from "./server-harness.ts";

const world = await realWorld();

withPeer("memcached", () => {
  serverSuite({
    ...world,
    name: "memcached",
    skip: [],
    start: () => startMemcached(),
  });
});
