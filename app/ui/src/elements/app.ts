import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { type Api, type Caller, type Read, type Refusal, type Right, service } from "../api/client";
import { go, onMove, type Place, placeOf } from "../places";
import { type Outcome, Removal } from "../removal";
import { words } from "../text/language";
import { Part } from "./part";
import "./audit";
import "./choices";
import "./members";
import "./notice";
import "./signed-out";
import "./thing";
import "./things";
import "./tokens";

/** The whole interface: who is there, where they are, and what goes on across pages. */
@customElement("wb-app")
export class App extends Part {
  @property({ attribute: false }) api: Api = service;
  /** As `wb-signed-out` has it. */
  @property() provider = "";
  /** Nobody is logged in for certain, so that nobody need be asked. */
  @property({ type: Boolean }) visitor = false;
  @state() private caller: Caller | null | undefined;
  @state() private over = false;
  @state() private refusal: Refusal | undefined;
  @state() private place: Place = placeOf(new URL(location.href));
  @state() private removal: Removal | undefined;
  /** What no list shows any more: it is on its way out, or gone since the list was read. */
  @state() private without = "";
  @state() private said = "";
  #deafToMoves = () => {};

  override connectedCallback(): void {
    super.connectedCallback();
    this.#deafToMoves = onMove(this.#moved);
    this.addEventListener("wb-session-over", this.#sessionOver);
    this.addEventListener("wb-remove", (event) => this.#remove((event as CustomEvent<Read>).detail));
    void this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#deafToMoves();
  }

  async #begin(): Promise<void> {
    this.refusal = undefined;
    if (this.visitor) {
      this.caller = null;
      return;
    }
    try {
      this.caller = await this.api.me();
    } catch (error) {
      const refusal = error as Refusal;
      if (refusal.status === 401) this.caller = null;
      else this.refusal = refusal;
    }
  }

  #moved = (): void => {
    const before = this.place;
    this.place = placeOf(new URL(location.href));
    if (before.page !== "things" || this.place.page !== "things") this.said = "";
    void this.#arrive();
  };

  /** As a page that is loaded: its heading is where a reader begins, and it names the tab. */
  async #arrive(): Promise<void> {
    await this.updateComplete;
    const page = this.querySelector<Part>("main > :not(.toast)");
    await page?.updateComplete;
    scrollTo(0, 0);
    this.querySelector<HTMLElement>("main h1")?.focus();
  }

  override updated(): void {
    const names = { things: "things", thing: "things", new: "newThing", members: "members", tokens: "tokens", audit: "audit", unknown: "noPage" } as const;
    const w = words();
    document.title = this.caller ? `${w[names[this.place.page]]} – ${w.name}` : w.name;
  }

  #sessionOver = (): void => {
    if (this.caller) this.over = true;
    this.caller = null;
    void this.#arrive();
  };

  #remove(read: Read): void {
    void this.removal?.now();
    const removal = new Removal(this.api, read, (outcome, error) => this.#removed(removal, outcome, error));
    this.removal = removal;
    this.without = read.thing.id;
    go("/");
    this.said = words().removedSoon(read.thing.title);
  }

  #removed(removal: Removal, outcome: Outcome, error?: unknown): void {
    const { title } = removal.read.thing;
    this.said = outcome === "removed" ? words().removed(title) : words().notRemoved(title);
    if (error) this.failed(error);
    if (outcome === "not removed" && this.without === removal.read.thing.id) this.without = "";
    if (this.removal === removal) this.removal = undefined;
  }

  #undo = (): void => {
    const { removal } = this;
    removal?.undo();
    this.removal = undefined;
    this.without = this.said = "";
    if (removal) go(`/things/${removal.read.thing.id}`);
  };

  #logOut = async (): Promise<void> => {
    try {
      await this.removal?.now();
      location.assign((await this.api.logOut()) ?? "/");
    } catch (error) {
      this.refusal = this.failed(error);
    }
  };

  override render(): unknown {
    const w = words();
    return html`<a class="skip" href="#content" @click=${this.#skip}>${w.skip}</a>
      <header class="top">
        <a class="brand" href="/">${w.name}</a>
        ${this.caller ? this.#menu(this.caller) : nothing}
        <wb-choices></wb-choices>
        ${this.caller
          ? html`<span class="who">${w.loggedInAs(this.caller.subject, this.caller.tenant)}</span>
              <button type="button" @click=${this.#logOut}>${w.logOut}</button>`
          : nothing}
      </header>
      <main id="content" tabindex="-1">${this.caller ? this.#toast() : nothing}${this.#page()}</main>`;
  }

  #skip = (event: Event): void => {
    event.preventDefault();
    this.querySelector<HTMLElement>("main")?.focus();
  };

  #menu({ rights }: Caller): unknown {
    const w = words();
    const pages: [string, string, Right?][] = [
      ["/", w.things],
      ["/members", w.members, "members:manage"],
      ["/tokens", w.tokens],
      ["/audit", w.audit, "audit:read"],
    ];
    const here = this.place.page === "things" ? "/" : `/${this.place.page}`;
    return html`<nav aria-label=${w.menu}>
      ${pages
        .filter(([, , right]) => !right || rights.includes(right))
        .map(([path, text]) => html`<a href=${path} aria-current=${path === here ? "page" : nothing}>${text}</a>`)}
    </nav>`;
  }

  #toast(): unknown {
    const { removal } = this;
    return html`<div class="toast ${this.said ? "" : "unseen"}" @focusin=${removal?.pause} @focusout=${removal?.resume} @mouseenter=${removal?.pause} @mouseleave=${removal?.resume}>
      <span role="status">${this.said}</span>
      ${removal ? html`<button type="button" @click=${this.#undo}>${words().undo}</button>` : nothing}
    </div>`;
  }

  #page(): unknown {
    const w = words();
    const { api, caller, place } = this;
    if (this.refusal)
      return html`<h1 tabindex="-1">${w.name}</h1>
        <wb-notice again .refusal=${this.refusal} @wb-again=${this.#begin}></wb-notice>`;
    if (caller === null) {
      const returnTo = location.pathname + location.search;
      return html`<wb-signed-out .provider=${this.provider} .returnTo=${returnTo} ?over=${this.over}></wb-signed-out>`;
    }
    // Things are asked for while it is still asked who is there: one wait instead of two.
    const writes = caller?.rights.includes("things:write") ?? false;
    switch (place.page) {
      case "things":
        return html`<wb-things
          .api=${api}
          .search=${place.search}
          .status=${place.status}
          .sort=${place.sort}
          .without=${this.without}
          ?writes=${writes}
        ></wb-things>`;
      case "thing":
      case "new":
        return html`<wb-thing
          .api=${api}
          .thingId=${place.page === "thing" ? place.id : ""}
          .member=${caller?.member_id ?? ""}
          ?writes=${writes}
        ></wb-thing>`;
      case "unknown":
        return html`<h1 tabindex="-1">${w.noPage}</h1>
          <p><a href="/">${w.back}</a></p>`;
      default:
        return caller ? this.#administration(place.page, caller) : html`<p class="quiet" role="status">${w.loading}</p>`;
    }
  }

  #administration(page: "members" | "tokens" | "audit", caller: Caller): unknown {
    if (page === "members") return html`<wb-members .api=${this.api} .own=${caller.member_id}></wb-members>`;
    if (page === "tokens") return html`<wb-tokens .api=${this.api} .rights=${caller.rights}></wb-tokens>`;
    return html`<wb-audit .api=${this.api}></wb-audit>`;
  }
}
