// What is wrong with a thing that the configuration names, such as a file that is not there. Whoever looks for the thing
// does not know where the configuration names it, and whoever starts the program does.

import { describeMistake, type IsMeant, type PlaceOf } from "@memwire/config";
import { ProgramEnd, usageMistake } from "@memwire/program";
import { PROGRAM } from "./cli.ts";

export class NamedMistake extends Error {
  override readonly name: string = "NamedMistake";
  readonly key: string;
  readonly named: string;
  /** Which of several that have it, if not each of them has the mistake. */
  readonly isMeant: IsMeant | undefined;
  /** The message without a pool, for where the place says that. */
  readonly what: string;

  /**
   * @param key Of the configuration, such as `password_file`.
   * @param named What stands there.
   */
  constructor(key: string, named: string, what: string, options: MistakeOptions = {}, pool?: string) {
    super(pool === undefined ? what : `pool ${pool}: ${what}`, options);
    this.key = key;
    this.named = named;
    this.isMeant = options.isMeant;
    this.what = what;
  }

  /** The same, for where there is no place to say. */
  ofPool(name: string): NamedMistake {
    const { key, named, what, cause, isMeant } = this;
    return new NamedMistake(key, named, what, { cause, isMeant }, name);
  }
}

interface MistakeOptions extends ErrorOptions {
  readonly isMeant?: IsMeant | undefined;
}

/**
 * @param placeOf Where the configuration has what; without it there is no file that says it.
 * @throws ProgramEnd 2 for what `read` throws
 */
export function orMistake<T>(read: () => T, placeOf?: PlaceOf): T {
  try {
    return read();
  } catch (error) {
    const place =
      error instanceof NamedMistake ? placeOf?.(error.key, error.named, error.isMeant) : undefined;
    if (place === undefined) throw usageMistake(PROGRAM, (error as Error).message);
    throw new ProgramEnd(2, describeMistake({ ...place, message: (error as NamedMistake).what }));
  }
}
