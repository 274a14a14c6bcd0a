// How many bytes a piece of code reads, writes and moves: a measure of its work that no other load disturbs.

/** An array of bytes that counts each byte that is read or written, one by one or by the runtime's own methods. */
function counting(
  bytes: Uint8Array,
  touch: (bytes: number) => void,
  plain: WeakMap<object, Uint8Array>,
): Uint8Array {
  const proxy = new Proxy(bytes, {
    get(target, name) {
      if (typeof name === "string" && /^\d+$/.test(name)) {
        touch(1);
        return target[Number(name)];
      }
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function" || name === "constructor") return member;
      return (...given: unknown[]): unknown => {
        const real = given.map((one) => (typeof one === "object" && one !== null && plain.get(one)) || one);
        const answer: unknown = Reflect.apply(member, target, real);
        if (name === "set") touch((real[0] as Uint8Array).length);
        else if (name === "copyWithin") touch((real[2] as number) - (real[1] as number));
        else if (name === "indexOf") touch((answer as number) < 0 ? target.length : (answer as number) + 1);
        else if (name !== "subarray") throw new Error(`the work of ${String(name)} is not counted`);
        return answer instanceof Uint8Array ? counting(answer, touch, plain) : answer;
      };
    },
    set(target, name, value: number) {
      touch(1);
      target[Number(name)] = value;
      return true;
    },
  });
  plain.set(proxy, bytes);
  return proxy;
}

/** Bytes that `run` touches in arrays that it makes, or makes views of. */
export function bytesTouched(run: () => void): number {
  let touched = 0;
  const plain = new WeakMap<object, Uint8Array>();
  const { Uint8Array: Plain } = globalThis;
  const Counting = function (...given: [number]) {
    return counting(new Plain(...given), (bytes) => (touched += bytes), plain);
  } as unknown as typeof Uint8Array;
  Object.defineProperty(Counting, Symbol.hasInstance, { value: (one: unknown) => one instanceof Plain });
  globalThis.Uint8Array = Counting;
  try {
    run();
  } finally {
    globalThis.Uint8Array = Plain;
  }
  return touched;
}
