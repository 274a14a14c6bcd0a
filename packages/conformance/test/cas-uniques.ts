// The cas uniques that one server gave out, numbered in the order in which they were first seen: two servers count
// theirs from other numbers, but tell the same one again at the same places. Connections to one server share this, as
// they share its items.

export class CasUniques {
  readonly #numbers: Map<string, number> = new Map();
  readonly #last: Map<string, string> = new Map();

  /** What the server told last for the key. */
  last(key: string): string | undefined {
    return this.#last.get(key);
  }

  /** Notes what the server told for the key. */
  told(key: string, cas: string): void {
    this.#last.set(key, cas);
  }

  number(cas: string): number {
    const number = this.#numbers.get(cas) ?? this.#numbers.size + 1;
    this.#numbers.set(cas, number);
    return number;
  }
}
