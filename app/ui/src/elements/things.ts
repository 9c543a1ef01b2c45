import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import type { Api, Refusal, Status, Thing, ThingQuery } from "../api/client";
import { go } from "../places";
import { moment, words } from "../text/language";
import { Part } from "./part";
import "./notice";

const PAGE = 50;
const TYPING_MILLISECONDS = 250;

/** The list: searched, filtered, ordered, a page at a time by the service's cursor. */
@customElement("wb-things")
export class Things extends Part {
  @property({ attribute: false }) api!: Api;
  @property() search = "";
  @property() status = "";
  @property() sort = "";
  @property({ type: Boolean }) writes = false;
  /** One that is on its way out. */
  @property() without = "";
  @state() private items: Thing[] = [];
  @state() private next: string | null = null;
  @state() private busy = false;
  @state() private refusal: Refusal | undefined;
  #asked = 0;
  #typing = 0;

  override willUpdate(changed: Map<string, unknown>): void {
    if (["api", "search", "status", "sort"].some((name) => changed.has(name))) void this.load();
  }

  /** Ask for the first page, or the one after what is shown. A newer question makes an older answer void. */
  async load(cursor?: string): Promise<void> {
    const asked = ++this.#asked;
    const query: ThingQuery = { limit: PAGE };
    if (cursor) query.cursor = cursor;
    if (this.search.trim()) query.search = this.search.trim();
    if (this.status in words().statuses) query.status = this.status as Status;
    if (this.sort === "oldest") query.sort = "oldest";
    this.busy = true;
    this.refusal = undefined;
    if (!cursor) this.items = [];
    try {
      const page = await this.api.things(query);
      if (asked !== this.#asked) return;
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      this.next = page.next_cursor;
    } catch (error) {
      if (asked === this.#asked) this.refusal = this.failed(error);
    }
    if (asked === this.#asked) this.busy = false;
  }

  #filter(name: "search" | "status" | "sort", value: string): void {
    this[name] = value;
    const given = { search: this.search, status: this.status, sort: this.sort };
    const set = Object.entries(given).filter(([, one]) => one);
    go(`/${set.length ? `?${new URLSearchParams(set)}` : ""}`, "replace");
  }

  #typed = (event: Event): void => {
    const { value } = event.target as HTMLInputElement;
    clearTimeout(this.#typing);
    this.#typing = window.setTimeout(() => this.#filter("search", value), TYPING_MILLISECONDS);
  };

  #chosen = (event: Event): void => {
    const { name, value } = event.target as HTMLSelectElement;
    this.#filter(name as "status" | "sort", value);
  };

  override render(): unknown {
    const w = words();
    return html`<header class="row spread">
        <h1 tabindex="-1">${w.things}</h1>
        ${this.writes ? html`<a class="button primary" href="/things/new">${w.newThing}</a>` : nothing}
      </header>
      <form class="filters" role="search" @submit=${(event: Event) => event.preventDefault()}>
        <label
          >${w.search}
          <input type="search" name="search" maxlength="200" .value=${this.search} @input=${this.#typed} aria-describedby="search-hint" />
          <small id="search-hint">${w.searchHint}</small></label
        >
        <label
          >${w.status}
          <select name="status" @change=${this.#chosen}>
            <option value="">${w.anyStatus}</option>
            ${Object.entries(w.statuses).map(
              ([value, text]) => html`<option value=${value} ?selected=${value === this.status}>${text}</option>`,
            )}
          </select></label
        >
        <label
          >${w.sort}
          <select name="sort" @change=${this.#chosen}>
            ${Object.entries(w.sorts).map(
              ([value, text]) =>
                html`<option value=${value === "newest" ? "" : value} ?selected=${value === this.sort}>${text}</option>`,
            )}
          </select></label
        >
      </form>
      ${this.#list()}`;
  }

  #list(): unknown {
    const w = words();
    const items = this.items.filter((thing) => thing.id !== this.without);
    const filtered = Boolean(this.search.trim() || this.status);
    const none = !items.length && !this.busy && !this.refusal;
    return html`<p class="quiet" role="status">
        ${this.busy && !items.length ? w.loading : items.length ? w.shown(items.length) : none ? (filtered ? w.nothingFound : w.empty) : ""}
      </p>
      ${none && !filtered && this.writes ? html`<p>${w.emptyMore}</p>` : nothing}
      ${none && filtered ? html`<p><a class="button" href="/">${w.clearFilter}</a></p>` : nothing}
      ${items.length
        ? html`<ul class="things" aria-label=${w.things}>
            ${repeat(
              items,
              (thing) => thing.id,
              (thing) =>
                html`<li>
                  <a href="/things/${thing.id}">${thing.title}</a>
                  <span class="status ${thing.status}">${w.statuses[thing.status]}</span>
                  <time datetime=${thing.updated_at}>${moment(thing.updated_at)}</time>
                </li>`,
            )}
          </ul>`
        : nothing}
      ${this.busy && !items.length ? html`<div class="bones" aria-hidden="true"><i></i><i></i><i></i><i></i></div>` : nothing}
      <wb-notice
        again
        .refusal=${this.refusal}
        @wb-again=${() => this.load(items.length ? (this.next ?? undefined) : undefined)}
      ></wb-notice>
      ${this.next && !this.refusal
        ? html`<p>
            <button type="button" aria-disabled=${this.busy} @click=${() => this.busy || this.load(this.next ?? undefined)}>
              ${this.busy ? w.loading : w.more}
            </button>
          </p>`
        : nothing}`;
  }
}
