// The gateway's configuration file: whom it serves, which servers it asks, and what bounds both. Every key may be
// left out.
//
//     listen: 127.0.0.1:8080
//     servers:
//       - 10.0.0.1:11211:1
//       - 10.0.0.2:11211:1
//     routes:
//       - path: /api/{uid}?lang
//         key: "u:{uid}:{lang}"

import { readGateway, type GatewayConfig } from "./gateway-schema.ts";
import { readConfig, type ConfigReading } from "./yaml-config.ts";

export type GatewayConfigReading = ConfigReading<GatewayConfig>;

/**
 * Reads the text of a configuration file, YAML or JSON. Never throws, whatever the text.
 *
 * @param file What the file is called in messages.
 */
export function readGatewayConfig(text: string, file: string): GatewayConfigReading {
  return readConfig(text, file, (value, add) => {
    const { output, issues } = readGateway(value);
    for (const { steps, message } of issues) add(steps, message);
    return output;
  });
}
