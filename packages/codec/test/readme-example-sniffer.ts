import { latin1Bytes, latin1Text, RequestDecoder, TextReplyDecoder } from "@memwire/codec";

// What a client and a server say to each other, as a proxy or a capture has it: in chunks, cut anywhere.
const dialogue: readonly [from: "client" | "server", text: string][] = [
  ["client", "set user:1 0 60 3\r\nAda\r\nget user:1 us"],
  ["client", "er:2\r\ndelete user:3 forever\r\n"],
  ["server", "STORED\r\nVALUE user:1 0 3\r\nAd"],
  ["server", "a\r\nEND\r\nCLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n"],
];
const requests = new RequestDecoder();
const replies = new TextReplyDecoder();
for (const [from, text] of dialogue) {
  const decoder = from === "client" ? requests : replies;
  decoder.receive(latin1Bytes(text));
  for (let found = decoder.next(); found !== "need-data" && found !== "fatal"; found = decoder.next()) {
    const { bytes, start, end } = from === "client" ? requests.text : replies;
    const what = found === "invalid" ? `${requests.text.refusal} at ${requests.text.refusedAt}` : found;
    console.log(`${from}: ${what} ${JSON.stringify(latin1Text(bytes, start, end))}`);
  }
}
// prints client: request "set user:1 0 60 3\r\nAda\r\n"
// prints client: request "get user:1 user:2\r\n"
// prints client: bad-delete at 14 "delete user:3 forever\r\n"
// prints server: reply "STORED\r\n"
// prints server: reply "VALUE user:1 0 3\r\nAda\r\n"
// prints server: reply "END\r\n"
// prints server: reply "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n"
