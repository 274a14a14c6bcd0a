export { adapterSuite, type AdapterHarness } from "./adapter-suite.ts";
