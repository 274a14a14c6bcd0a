// GET, HEAD, PUT, POST and DELETE of one item: /kv/{key} and the routes of the configuration. Hot path: GET.

import { bareAnswer, refuse } from "./answer.ts";
import { readBody } from "./body.ts";
import { acceptsCoding } from "./accept.ts";
import type { Context } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { HeaderPairs } from "./refusal.ts";
import { methodRefused, Refusal } from "./refusal.ts";
import { storageFor } from "./storage.ts";
import type { ItemTarget } from "./target.ts";
import { OCTET_STREAM } from "./content-type.ts";
import { plainBytes, valueOf, type Value } from "./value.ts";

const MISSED = new Refusal(404, "missed", "no such item");
const CONFLICT = new Refusal(409, "conflicted", "the item is there already; PUT stores in any case");

/** @param target Its methods have been looked at. */
export function serveItem(
  context: Context,
  exchange: Exchange,
  target: ItemTarget,
): Promise<Response> | Response {
  switch (exchange.method) {
    case "GET":
    case "HEAD":
      return target.readRefusal === undefined
        ? read(context, exchange, target.key)
        : refuse(exchange, target.readRefusal);
    case "PUT":
    case "POST":
      return target.writeRefusal === undefined
        ? store(context, exchange, target)
        : refuse(exchange, target.writeRefusal);
    case "DELETE": {
      const refusal = target.readRefusal ?? target.writeRefusal;
      return refusal === undefined ? remove(context, exchange, target.key) : refuse(exchange, refusal);
    }
    default:
      return refuse(exchange, methodRefused(exchange.method, target.methods));
  }
}

async function read(context: Context, exchange: Exchange, key: Uint8Array): Promise<Response> {
  const item = await context.client.get(key);
  if (item === undefined) return refuse(exchange, MISSED);
  // What has no flags has no content type and is not compressed.
  if (item.flags === 0) return bytesAnswer(exchange, item.value, OCTET_STREAM, 0);
  const value = valueOf(item, context.settings);
  if (value.forms.length > 0) return readCompressed(context, exchange, value);
  return bytesAnswer(exchange, value.bytes, value.type, value.flags);
}

/** As it is to a client that takes it so, inflated to others. */
async function readCompressed(context: Context, exchange: Exchange, value: Value): Promise<Response> {
  const { type, flags, bytes, forms } = value;
  const [form] = forms;
  const accepted = exchange.request.headers.get("accept-encoding");
  // Where two forms are possible only inflating tells which one is right.
  if (forms.length === 1 && form !== undefined && acceptsCoding(accepted, form.coding)) {
    context.counters.passedThrough++;
    return bytesAnswer(exchange, bytes.subarray(form.start), type, flags, {
      "content-encoding": form.coding,
      vary: "accept-encoding",
    });
  }
  const plain = await plainBytes(value, context);
  if (plain instanceof Refusal) return refuse(exchange, plain);
  return bytesAnswer(exchange, plain, type, flags, { vary: "accept-encoding" });
}

function bytesAnswer(
  exchange: Exchange,
  bytes: Uint8Array,
  type: string,
  flags: number,
  more?: HeaderPairs,
): Response {
  const own = {
    "content-type": type,
    "content-length": String(bytes.length),
    "memcached-flags": String(flags),
  };
  const headers = more === undefined ? own : { ...own, ...more };
  if (exchange.method === "HEAD") return new exchange.Response(null, { status: 200, headers });
  exchange.bytes = bytes.length;
  return new exchange.Response(bytes as Uint8Array<ArrayBuffer>, { status: 200, headers });
}

async function store(context: Context, exchange: Exchange, target: ItemTarget): Promise<Response> {
  const { client, settings } = context;
  const { request, method } = exchange;
  const storage = storageFor(request.headers, target, settings);
  if (storage instanceof Refusal) return refuse(exchange, storage);
  const body = await readBody(request, context);
  if (body instanceof Refusal) return refuse(exchange, body);
  const value = storage.valueFor(body);
  if (value instanceof Refusal) return refuse(exchange, value);
  const options = { flags: storage.flags, exptime: storage.ttlSeconds };
  if (method === "PUT") {
    await client.set(target.key, value, options);
  } else if (!(await client.add(target.key, value, options))) {
    return refuse(exchange, CONFLICT);
  }
  return bareAnswer(exchange, 201);
}

async function remove(context: Context, exchange: Exchange, key: Uint8Array): Promise<Response> {
  return (await context.client.delete(key)) ? bareAnswer(exchange, 204) : refuse(exchange, MISSED);
}
