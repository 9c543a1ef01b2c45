/** What was being written when a session ended: kept in this tab alone, until it is taken up again or the tab closes. */
import type { ThingInput } from "./api/client";

export interface Draft {
  written: ThingInput;
  /** Of what it was written over; empty for a new thing. */
  etag: string;
}

const named = (thing: string) => `draft:${thing || "new"}`;

export function keep(thing: string, draft: Draft): void {
  try {
    sessionStorage.setItem(named(thing), JSON.stringify(draft));
  } catch {
    // A browser that keeps nothing: the form still shows it as long as the page stays.
  }
}

export function take(thing: string): Draft | undefined {
  try {
    const kept = sessionStorage.getItem(named(thing));
    sessionStorage.removeItem(named(thing));
    return kept ? (JSON.parse(kept) as Draft) : undefined;
  } catch {
    return undefined;
  }
}
