// The system calls that sockets by io_uring are made of, by bun:ffi. Those that cannot wait are made at once; what can
// wait goes by the ring.

import type { Pointer } from "bun:ffi";
import { constants } from "node:os";
import { openLibrary } from "../c-library.ts";

const WANTED = {
  // io_uring has no function in the C library. All its calls have six arguments at most.
  syscall: { args: ["usize", "usize", "usize", "usize", "usize", "usize", "usize"], returns: "int" },
  mmap: { args: ["usize", "usize", "int", "int", "int", "usize"], returns: "ptr" },
  eventfd: { args: ["u32", "int"], returns: "int" },
  socketpair: { args: ["int", "int", "int", "ptr"], returns: "int" },
  socket: { args: ["int", "int", "int"], returns: "int" },
  setsockopt: { args: ["int", "int", "int", "ptr", "u32"], returns: "int" },
  getpeername: { args: ["int", "ptr", "ptr"], returns: "int" },
  fcntl: { args: ["int", "int", "int"], returns: "int" },
  listen: { args: ["int", "int"], returns: "int" },
  shutdown: { args: ["int", "int"], returns: "int" },
  close: { args: ["int"], returns: "int" },
} as const;

type Functions = NonNullable<Awaited<ReturnType<typeof openLibrary<typeof WANTED>>>>["symbols"];

/** Of Linux on x86-64 and arm64, which are alike in all of these. */
const SOCK_STREAM = 1;
export const SOCK_FLAGS = 0o2_004_000; // SOCK_NONBLOCK and SOCK_CLOEXEC
const EFD_CLOEXEC = 0o2_000_000;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;
const AF_UNIX = 1;
const SOL_SOCKET = 1;
const SO_KEEPALIVE = 9;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const F_DUPFD_CLOEXEC = 1_030;
const PROT_READ_AND_WRITE = 3;
const MAP_PRIVATE_AND_ANONYMOUS = 0x22;
const MAP_SHARED_AND_POPULATED = 0x8001;

/** Memory that the kernel shares. It is never given back: a thread has one ring for as long as it is there. */
export interface Mapped {
  readonly at: number;
  readonly memory: ArrayBuffer;
}

export class System {
  readonly #call: Functions;
  readonly #view: (at: Pointer, offset: number, bytes: number) => ArrayBuffer;
  /**
   * Where bytes lie. They must be kept as long as the kernel may use them. Asked of their buffer: a small array that has
   * none yet would be moved when somebody asks for it later.
   */
  readonly addressOf: (bytes: NodeJS.TypedArray) => number;
  readonly #on = new Int32Array([1]);

  private constructor(call: Functions, ffi: typeof import("bun:ffi")) {
    this.#call = call;
    this.#view = (at, offset, bytes) => ffi.toArrayBuffer(at, offset, bytes);
    this.addressOf = ({ buffer, byteOffset }) => ffi.ptr(buffer, byteOffset);
  }

  /** @returns undefined where bun:ffi does not load, or the C library is not one of Linux */
  static async open(): Promise<System | undefined> {
    if (process.platform !== "linux") return undefined;
    try {
      const library = await openLibrary(WANTED);
      return library === undefined ? undefined : new System(library.symbols, await import("bun:ffi"));
    } catch {
      return undefined;
    }
  }

  /** @returns what the call does; -1 if it failed */
  call(number: number, a: number, b: number, c = 0, d = 0, e = 0, f = 0): number {
    return this.#call.syscall(number, a, b, c, d, e, f);
  }

  /** Memory of a descriptor of io_uring's; of none, memory of its own, which begins at a page. */
  map(bytes: number, descriptor = -1, offset = 0): Mapped | undefined {
    const flags = descriptor < 0 ? MAP_PRIVATE_AND_ANONYMOUS : MAP_SHARED_AND_POPULATED;
    const at = this.#call.mmap(0, bytes, PROT_READ_AND_WRITE, flags, descriptor, offset);
    if (typeof at !== "number" || at > Number.MAX_SAFE_INTEGER) return undefined;
    return { at, memory: this.#view(at, 0, bytes) };
  }

  /** One that waits: of a descriptor that does not, a read by a ring does not wait either. */
  eventDescriptor(): number {
    return this.#call.eventfd(0, EFD_CLOEXEC);
  }

  /** Two connected sockets; undefined if there are no descriptors for them. */
  socketPair(): readonly [number, number] | undefined {
    const pair = new Int32Array(2);
    const answer = this.#call.socketpair(AF_UNIX, SOCK_STREAM | SOCK_FLAGS, 0, this.#pointer(pair));
    return answer === 0 ? [pair[0] as number, pair[1] as number] : undefined;
  }

  /** A socket for a connect; below 0 if there is none to be had. */
  socket(family: number): number {
    const descriptor = this.#call.socket(family, SOCK_STREAM | SOCK_FLAGS, 0);
    if (descriptor >= 0) this.#set(descriptor, IPPROTO_TCP, TCP_NODELAY);
    return descriptor;
  }

  /**
   * A descriptor of this side's for a socket that Bun has made to listen. What is set of it here is also of what it
   * accepts.
   *
   * @throws Error if it cannot be had
   */
  takeListener(descriptor: number, backlog: number, keepAlive: boolean): number {
    const own = this.#call.fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (own < 0) throw Object.assign(new Error("no file descriptor for a listener"), { code: "EMFILE" });
    this.#call.listen(own, backlog);
    this.#set(own, IPPROTO_TCP, TCP_NODELAY);
    if (keepAlive) this.#set(own, SOL_SOCKET, SO_KEEPALIVE);
    return own;
  }

  /** Writes the peer's address; false if it has gone. @param length A C int, the room for it. */
  peerOf(descriptor: number, address: Uint8Array, length: Int32Array): boolean {
    return this.#call.getpeername(descriptor, this.#pointer(address), this.#pointer(length)) === 0;
  }

  shutdown(descriptor: number, how: typeof SHUT_WR | typeof SHUT_RDWR): void {
    this.#call.shutdown(descriptor, how);
  }

  close(descriptor: number): void {
    this.#call.close(descriptor);
  }

  #set(descriptor: number, level: number, option: number): void {
    this.#call.setsockopt(descriptor, level, option, this.#pointer(this.#on), 4);
  }

  #pointer(bytes: NodeJS.TypedArray): Pointer {
    return this.addressOf(bytes) as Pointer;
  }
}

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

/** What the kernel answered, below 0, in the form that runtimes' errors have. */
export function errorOf(answer: number): { readonly code: string | undefined } {
  return { code: names.get(-answer) };
}
