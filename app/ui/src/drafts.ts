/** What was being written when a session ended: kept in this tab alone, until its member takes it up again or the tab closes. */
import type { ThingInput } from "./api/client";

export interface Draft {
  written: ThingInput;
  /** Of what it was written over; empty for a new thing. */
  etag: string;
}

const of = (member: string) => `draft:${member}:`;
const named = (thing: string, member: string) => of(member) + (thing || "new");

export function keep(thing: string, member: string, draft: Draft): void {
  try {
    sessionStorage.setItem(named(thing, member), JSON.stringify(draft));
  } catch {
    // A browser that keeps nothing: the form still shows it as long as the page stays.
  }
}

/** Whatever somebody else left in this tab goes. */
export function take(thing: string, member: string): Draft | undefined {
  try {
    const others = Object.keys(sessionStorage).filter((name) => name.startsWith("draft:") && !name.startsWith(of(member)));
    for (const name of others) sessionStorage.removeItem(name);
    const kept = sessionStorage.getItem(named(thing, member));
    sessionStorage.removeItem(named(thing, member));
    return kept ? (JSON.parse(kept) as Draft) : undefined;
  } catch {
    return undefined;
  }
}
