// Lines on stderr that wait for nobody: whoever is to read them may have stopped to.
//
//     say(line) --> waiting, up to so many characters --> one write at a time --> stderr
//                      \--- more: dropped, counted, and the next write says how many
//
// A pipe that nobody reads takes 64 KiB and then nothing. What is written to it from then on Node would keep in memory,
// more and more of it; Bun and Deno would stand still until somebody reads.

/** Writes at some time, and says when that is done. It is asked for more only then. */
export type Sink = (text: string, done: (error?: Error | null) => void) => void;

/** Of lines that wait for those to be written that were said before them, if nothing else is asked for. */
export const WAITING_CHARACTERS_MAX = 65_536;

export class StderrLines {
  /** Lines that were said and not written. */
  dropped = 0;
  readonly #sink: Sink;
  readonly #program: string;
  readonly #waitingCharactersMax: number;
  #waiting: string[] = [];
  #waitingCharacters = 0;
  #isWriting = false;
  /** Of those dropped, how many have not been told of. */
  #untold = 0;

  /**
   * @param program What stands before what is said.
   * @param waitingCharactersMax Of lines that wait, which is what may come in a turn even where all is read at once.
   */
  constructor(sink: Sink, program: string, waitingCharactersMax: number = WAITING_CHARACTERS_MAX) {
    this.#sink = sink;
    this.#program = program;
    this.#waitingCharactersMax = waitingCharactersMax;
  }

  /** @param line Without the program's name and without its end. */
  say(line: string): void {
    this.write(`${this.#program}: ${line}`);
  }

  /** @param line As it is to be, without its end. */
  write(line: string): void {
    if (this.#waitingCharacters + line.length > this.#waitingCharactersMax) return this.#drop(1);
    this.#waiting.push(line);
    this.#waitingCharacters += line.length;
    if (!this.#isWriting) this.#writeWaiting();
  }

  #writeWaiting(): void {
    const lines = this.#waiting;
    if (lines.length === 0) return;
    const told = this.#untold;
    const lost = `${told} ${told === 1 ? "line" : "lines"} are lost`;
    const note = told === 0 ? [] : [`${this.#program}: stderr was not read in time: ${lost}`];
    this.#waiting = [];
    this.#waitingCharacters = 0;
    this.#untold = 0;
    this.#isWriting = true;
    const text = [...note, ...lines].map((line) => `${line}\n`).join("");
    this.#sink(text, (error) => {
      this.#isWriting = false;
      if (error) {
        this.#untold += told;
        this.#drop(lines.length);
      }
      this.#writeWaiting();
    });
  }

  #drop(lines: number): void {
    this.dropped += lines;
    this.#untold += lines;
  }
}
