export { clock } from "./clock.ts";
export { network } from "./network.ts";
