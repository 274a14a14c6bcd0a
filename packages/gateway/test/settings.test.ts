import { expect, test } from "vitest";
import { createGateway, DEFAULT_GATEWAY_LIMITS, type GatewayOptions } from "../src/mod.ts";
import { bench } from "./bench.ts";

test.each<readonly [Partial<GatewayOptions>, string]>([
  [{ limits: { urlBytesMax: 0 } }, "limits.urlBytesMax must be a whole number from 1, got 0"],
  [
    { limits: { streamMax: 1 } as object },
    `limits has no streamMax: there are ${Object.keys(DEFAULT_GATEWAY_LIMITS).toSorted().join(", ")}`,
  ],
  [
    { allowed: ["10.0.0.0/8"] } as object, // which nobody would be kept out by
    "a gateway has no allowed: there are Response, allow, bodyTimeoutMs, client, clock, commentMs, compressedFlags, " +
      "contentTypes, deny, drainMs, followMaxMs, followMinMs, limits, log, logged, methods, multiTimeoutMaxMs, " +
      "multiTimeoutMs, ratePerAddress, rateTotal, routes",
  ],
  [
    { routes: [{ path: "/api/{uid}", key: "u:{uid}", ...({ method: ["GET"] } as object) }] },
    "route /api/{uid} has no method: there are key, methods, path",
  ],
  [{ limits: { streamsMax: 1.5 } }, "limits.streamsMax must be a whole number from 1, got 1.5"],
  [{ limits: { requestsMax: Infinity } }, "limits.requestsMax must be a whole number from 1, got Infinity"],
  [{ limits: { headerBytesMax: -1 } }, "limits.headerBytesMax must be a whole number from 1, got -1"],
  [{ bodyTimeoutMs: 0 }, "bodyTimeoutMs must be a whole number from 1, got 0"],
  [{ drainMs: Number.NaN }, "drainMs must be a whole number from 1, got NaN"],
  [
    { multiTimeoutMs: 10, multiTimeoutMaxMs: 9 },
    "multiTimeoutMs must be at most multiTimeoutMaxMs, 9, got 10",
  ],
  [{ followMinMs: 10, followMaxMs: 9 }, "followMinMs must be at most followMaxMs, 9, got 10"],
  [{ multiTimeoutMaxMs: 0 }, "multiTimeoutMaxMs must be a whole number from 1, got 0"],
  [{ followMaxMs: 0 }, "followMaxMs must be a whole number from 1, got 0"],
  [
    { compressedFlags: 2 ** 24 },
    "compressedFlags must be a whole number from 0 to 16777215, " +
      "as the upper eight bits of 32 keep the content type, got 16777216",
  ],
  [
    { compressedFlags: 2 ** 32, contentTypes: false },
    "compressedFlags must be a whole number from 0 to 4294967295, got 4294967296",
  ],
  [
    { compressedFlags: -1 },
    "compressedFlags must be a whole number from 0 to 16777215, " +
      "as the upper eight bits of 32 keep the content type, got -1",
  ],
  [
    { methods: ["TRACE"] as unknown as GatewayOptions["methods"] & {} },
    'methods must be of GET, HEAD, PUT, POST, DELETE, got "TRACE"',
  ],
  ...(["allow", "deny"] as const).map((name): readonly [Partial<GatewayOptions>, string] => [
    { [name]: new Set(["10.0.0.1"]) },
    `${name} must be an array of IP addresses and ranges, got Set`,
  ]),
  [{ methods: [] }, "methods must have at least one of GET, HEAD, PUT, POST, DELETE"],
])("%j is refused", (options, message) => {
  expect(() => bench(options)).toThrow(new RangeError(message));
});

test("without a client or a clock there is no gateway: every request would be 500", () => {
  const client = "client must be one as createClient of @memwire/client makes it, got";
  expect(() => createGateway({} as GatewayOptions)).toThrow(new TypeError(`${client} undefined`));
  expect(() => bench({ client: new Map() as never })).toThrow(new TypeError(`${client} Map`));
  expect(() => bench({ clock: undefined as never })).toThrow(
    new TypeError("clock must be that of an adapter, such as openAdapter() has, got undefined"),
  );
});

test.each<Partial<GatewayOptions>>([
  {},
  { limits: { ...DEFAULT_GATEWAY_LIMITS } },
  { multiTimeoutMs: 60_000 },
  { followMinMs: 5_000 },
  { multiTimeoutMaxMs: 500 },
  { followMaxMs: 20 },
  { compressedFlags: 2 ** 31, contentTypes: false },
  { compressedFlags: 0xff_ffff },
])("%j is taken", (options) => {
  expect(() => bench(options)).not.toThrow();
});

test("a gateway made of nothing says what it is made of", () => {
  expect(() => createGateway(undefined as never)).toThrow(
    new TypeError("a gateway takes an object of options, got undefined"),
  );
});
