import type { Api, Read } from "./api/client";

export const UNDO_SECONDS = 8;

export type Outcome = "removed" | "not removed";

/** A deletion that can be undone while it waits. Leaving the page does not take it back: it is sent then. */
export class Removal {
  #timer = 0;

  constructor(
    readonly api: Api,
    readonly read: Read,
    private readonly ended: (outcome: Outcome, error?: unknown) => void,
  ) {
    this.resume();
    addEventListener("pagehide", this.now);
  }

  /** Wait as long as somebody reaches for undo. */
  pause = (): void => clearTimeout(this.#timer);

  resume = (): void => {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(this.now, UNDO_SECONDS * 1000);
  };

  undo(): void {
    clearTimeout(this.#timer);
    removeEventListener("pagehide", this.now);
  }

  now = async (): Promise<void> => {
    this.undo();
    try {
      await this.api.remove(this.read.thing.id, this.read.etag);
      this.ended("removed");
    } catch (error) {
      this.ended("not removed", error);
    }
  };
}
