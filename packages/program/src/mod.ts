export { Command, Option } from "commander";
export { optionValue, readArguments, usageMistake, wholeNumber } from "./arguments.ts";
export { END_WITHIN_MS, endOnSignal, endParts, type OtherPart, type Part } from "./end-on-signal.ts";
export { exit } from "./exit.ts";
export { packageVersion } from "./package-version.ts";
export { ProgramEnd, programEndOf, runProgram } from "./program-end.ts";
export { readTextFile } from "./read-text-file.ts";
export { withPermissions } from "./with-permissions.ts";
