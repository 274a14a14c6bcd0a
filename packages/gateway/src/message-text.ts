// Messages of a stream as text: lines of JSON, or server-sent events.
//
//     {"node":"10.0.0.1:11211","value":"hello"}          data: hello
//     {"node":"10.0.0.1:11211","base64":"//79"}          event: base64 / data: //79
//     {"node":"10.0.0.1:11211","error":"..."}            event: error  / data: {"node":...,"error":...}
//     {"complete":true,"messages":2}                     event: end    / data: {"complete":true,"messages":2}

import { base64Text, utf8Text } from "./bytes.ts";

/** How a stream ended. */
interface StreamEnd {
  /** Every node said that it is empty. */
  readonly complete: boolean;
  readonly messages: number;
}

export interface MessageFormat {
  readonly contentType: string;
  message(node: string, bytes: Uint8Array): string;
  error(node: string, error: string): string;
  end(end: StreamEnd): string;
  /** Says nothing, and shows that somebody is there; empty if the format has no such thing. */
  readonly comment: string;
}

const jsonLine = (what: object): string => `${JSON.stringify(what)}\n`;

export const ndjson: MessageFormat = {
  contentType: "application/x-ndjson",
  message(node, bytes) {
    const value = utf8Text(bytes);
    return jsonLine(value === undefined ? { node, base64: base64Text(bytes) } : { node, value });
  },
  error: (node, error) => jsonLine({ node, error }),
  end: jsonLine,
  comment: "",
};

const event = (name: string, data: string): string => `event: ${name}\ndata: ${data}\n\n`;

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const serverSentEvents: MessageFormat = {
  contentType: "text/event-stream",
  message(_node, bytes) {
    const value = utf8Text(bytes);
    // A CR would end a line too, and whoever reads would put a LF in its place: then it is no longer the message.
    if (value === undefined || value.includes("\r")) return event("base64", base64Text(bytes));
    return `data: ${value.replaceAll("\n", "\ndata: ")}\n\n`;
  },
  error: (node, error) => event("error", JSON.stringify({ node, error })),
  end: (end) => event("end", JSON.stringify(end)),
  comment: ":\n\n",
};
