/**
 * What `version` answers: the memcached whose commands and replies these are, and no more. Clients read the numbers in
 * it to see what a server can do, and npm's memcached throws if it ends in a name.
 */
export const PROTOCOL_VERSION = "1.6.45";
