// Where nutcracker 0.5.0 answers otherwise than the proxy, each under the name that the table of docs/migrating.md has
// it under. Everything else has the same answer from both.

export interface Difference {
  readonly name: string;
  readonly requests: readonly string[];
  /** What they answer; `closes` if they close the connection without a word. */
  readonly nutcracker: string;
  readonly proxy: string;
}

const KEY_251 = "k".repeat(251);
const FORMAT = "CLIENT_ERROR bad command line format\r\n";
const DELTA = "CLIENT_ERROR invalid numeric delta argument\r\n";

export const differences: readonly Difference[] = [
  { name: "gat", requests: ["gat 0 none\r\n", "gats 0 none\r\n"], nutcracker: "closes", proxy: "END\r\n" },
  { name: "flush_all", requests: ["flush_all\r\n"], nutcracker: "closes", proxy: "OK\r\n" },
  { name: "verbosity", requests: ["verbosity 1\r\n"], nutcracker: "closes", proxy: "OK\r\n" },
  { name: "meta", requests: ["mg none v\r\n"], nutcracker: "closes", proxy: "EN\r\n" },
  { name: "meta", requests: ["mn\r\n"], nutcracker: "closes", proxy: "MN\r\n" },
  {
    name: "binary",
    requests: [`\x80\x0a${"\0".repeat(22)}`],
    nutcracker: "closes",
    proxy: `\x81\x0a${"\0".repeat(22)}`,
  },
  {
    name: "no such command",
    requests: ["nonsense\r\n", "GET a\r\n"],
    nutcracker: "closes",
    proxy: "ERROR\r\n",
  },
  {
    name: "not well formed",
    requests: ["get\r\n", `get ${KEY_251}\r\n`, "set a 0 0\r\n", "cas a 0 0 1\r\n"],
    nutcracker: "closes",
    proxy: FORMAT,
  },
  { name: "not well formed", requests: ["incr a x\r\n"], nutcracker: "closes", proxy: DELTA },
  {
    name: "not well formed",
    requests: ["delete a 5\r\n"],
    nutcracker: "closes",
    proxy: "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n",
  },
  {
    name: "words behind",
    requests: ["set a 0 0 1 word\r\nx\r\n"],
    nutcracker: "closes",
    proxy: "STORED\r\n",
  },
  { name: "words behind", requests: ["delete none 0\r\n"], nutcracker: "closes", proxy: "NOT_FOUND\r\n" },
  { name: "exptime below 0", requests: ["set a 0 -1 1\r\nx\r\n"], nutcracker: "closes", proxy: "STORED\r\n" },
  {
    name: "more data than said",
    requests: ["set a 0 0 3\r\nfour\r\n"],
    nutcracker: "closes",
    proxy: "CLIENT_ERROR bad data chunk\r\n",
  },
  {
    name: "a line feed alone",
    requests: ["set a 0 0 1\nx\r\n"],
    nutcracker: "closes",
    proxy: "STORED\r\n",
  },
  { name: "a blank in front", requests: [" get none\r\n"], nutcracker: "END\r\n", proxy: "ERROR\r\n" },
  {
    name: "a NUL in a key",
    // Its servers are memcached 1.6.18, where a line ends at a NUL: they look for the key in front of it.
    requests: ["get none\0b\r\n"],
    nutcracker: "END\r\n",
    proxy: FORMAT,
  },
  {
    name: "flags above 32 bits",
    requests: ["set a 4294967296 0 1\r\nx\r\n"],
    nutcracker: "STORED\r\n",
    // The data block is read as a command, as memcached does with a line that it does not take.
    proxy: FORMAT,
  },
  {
    name: "version",
    requests: ["version\r\n"],
    nutcracker: "VERSION 1.6.18\r\n",
    proxy: "VERSION 1.6.45\r\n",
  },
];
