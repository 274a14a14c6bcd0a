// A key whose delete is still to be done. There may be a million: six fields, the times small numbers.

/** Times are whole milliseconds since the queue began, which runtimes keep without a box of their own for weeks. */
export class QueuedKey {
  /** One character a byte. */
  readonly text: string;
  /** When the oldest write came that no delete has followed yet. */
  writtenAt: number;
  /** Keys with the smallest go first: `writtenAt`, or later if the key was postponed. */
  place: number;
  /** When it was written while its delete was in flight, for the first time; `NEVER` if it was not. */
  againAt: number = NEVER;
  inFlight: boolean = false;
  /** The next one in flight. */
  next: QueuedKey | null = null;

  constructor(text: string, writtenAt: number) {
    this.text = text;
    this.writtenAt = writtenAt;
    this.place = writtenAt;
  }
}

export const NEVER = -1;
