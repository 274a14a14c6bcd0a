/** The most characters of a configuration file. Whatever a file holds is bounded by it. */
const TEXT_MAX = 1_048_576;

/** What is wrong with a text that is too long to be read; nothing if it is not. */
export function sizeMistake(text: string): string | undefined {
  return text.length > TEXT_MAX ? `is longer than ${TEXT_MAX} characters` : undefined;
}
