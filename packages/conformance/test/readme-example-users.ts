import { latin1Bytes } from "@memwire/codec";
import { parseSaslUsers, ServerEngine } from "@memwire/server";

const users = parseSaslUsers(latin1Bytes("ann:secret\nbob:hidden\n"), "/etc/memcached-users");
const engine = new ServerEngine({ authentication: { kind: "sasl", users } });
console.log(engine.settings.protocol); // binary
