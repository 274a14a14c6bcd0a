export { openAdapter, type Adapter } from "./open-adapter.ts";
