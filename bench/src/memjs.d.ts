// The part of memjs that reads replies; it has no types of its own.
declare module "memjs/lib/memjs/server.js" {
  export class Server {
    constructor(host: string, port: number);
    respond: (reply: { readonly val: Uint8Array }) => void;
    responseHandler(chunk: Uint8Array): void;
  }
}
