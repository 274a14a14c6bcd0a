// What the programs of npm's clients share: their arguments, and how they tell what a client answered.

import { randomBytes } from "node:crypto";
import process from "node:process";

export const [endpoint = "", prefix = "", , user, password] = process.argv.slice(2);

/** Says what was answered to a step: yes, no, none, or what it is. */
export function say(step: string, answer: unknown): void {
  const word =
    answer === true ? "yes" : answer === false ? "no" : (answer ?? undefined) === undefined ? "none" : answer;
  console.log(`${step}\t${String(word)}`);
}

/** Whether it was done; `false` also if the client made an error of that. */
export async function done(answer: Promise<unknown>): Promise<boolean> {
  try {
    return (await answer) !== false;
  } catch {
    return false;
  }
}

/** So many letters and digits, by chance. */
export function letters(length: number): string {
  return randomBytes(Math.ceil(length / 2))
    .toString("hex")
    .slice(0, length);
}

export const unixTime = (): number => Math.floor(Date.now() / 1_000);
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2_500));
