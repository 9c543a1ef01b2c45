import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { type Api, idempotencyKey, type Read, Refusal, type ThingInput } from "../api/client";
import * as drafts from "../drafts";
import { go } from "../places";
import { moment, words } from "../text/language";
import { Part } from "./part";
import "./attachments";
import "./notice";
import "./thing-form";

/** One thing: read, written, deleted. Without an id, a new one. Tells `wb-remove` with what was read. */
@customElement("wb-thing")
export class ThingPage extends Part {
  @property({ attribute: false }) api!: Api;
  @property() thingId = "";
  /** Who writes; empty while it is still asked. */
  @property() member = "";
  @property({ type: Boolean }) writes = false;
  @state() private known: Read | undefined;
  @state() private written: ThingInput | undefined;
  @state() private theirs: Read | undefined;
  @state() private busy = false;
  @state() private said: "" | "saved" | "draft" = "";
  @state() private refusal: Refusal | undefined;
  /** Of what is written now: it may be sent again, and what else is written is another request. */
  #key = "";

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("thingId") || changed.has("api")) void this.#open();
    else if (changed.has("member")) this.#takeUp();
  }

  #open = async (): Promise<void> => {
    this.known = this.written = this.theirs = this.refusal = undefined;
    this.said = "";
    this.#key = idempotencyKey();
    const id = this.thingId;
    const known = id ? await this.#load(id) : undefined;
    if (id && !known) return;
    if (!id) this.written = { title: "", body: "", status: "open" };
    this.#takeUp();
  };

  #takeUp(): void {
    if (!this.member || (this.thingId && !this.known)) return;
    const draft = drafts.take(this.thingId, this.member);
    if (!draft) return;
    this.written = draft.written;
    this.said = "draft";
    if (this.known && draft.etag !== this.known.etag) this.theirs = this.known;
  }

  /** Nothing where it is not there, or somebody has gone on to another one meanwhile. */
  async #load(id: string): Promise<Read | undefined> {
    try {
      const read = await this.api.thing(id);
      return id === this.thingId ? (this.known = read) : undefined;
    } catch (error) {
      const refusal = this.failed(error);
      if (id === this.thingId) this.refusal = refusal;
      return undefined;
    }
  }

  async #save(written: ThingInput): Promise<void> {
    this.written = written;
    this.busy = true;
    this.refusal = undefined;
    try {
      const tag = (this.theirs ?? this.known)?.etag;
      this.known = tag ? await this.api.replace(this.thingId, written, tag) : await this.api.create(written, this.#key);
      this.#close("saved");
      if (!this.thingId) return go(`/things/${this.known.thing.id}`);
    } catch (error) {
      await this.#refused(Refusal.of(error), written);
    } finally {
      this.busy = false;
    }
  }

  /** What was written stays: beside what stands now, over a login, or in the form. */
  async #refused(refusal: Refusal, written: ThingInput): Promise<void> {
    if (refusal.status === 401 && this.member) drafts.keep(this.thingId, this.member, { written, etag: this.known?.etag ?? "" });
    if (refusal.status !== 412) {
      this.refusal = this.failed(refusal);
      return;
    }
    try {
      this.theirs = await this.api.thing(this.thingId);
      void this.focusOn(".conflict h2");
    } catch (error) {
      this.refusal = this.failed(error);
    }
  }

  #written = (event: CustomEvent<ThingInput>): void => {
    this.written = event.detail;
    this.#key = idempotencyKey();
  };

  #edit = (): void => {
    if (!this.known) return;
    const { title, body, status } = this.known.thing;
    this.written = { title, body, status };
    this.said = "";
    void this.focusOn("wb-thing-form").then(() => this.querySelector<HTMLElement>("[name=title]")?.focus());
  };

  #close(said: "" | "saved" = ""): void {
    if (!this.thingId && !said) return go("/");
    this.written = this.theirs = this.refusal = undefined;
    this.said = said;
    void this.focusOn("h1");
  }

  #takeTheirs = (): void => {
    this.known = this.theirs;
    this.#close();
  };

  override render(): unknown {
    const w = words();
    const title = this.known?.thing.title ?? (this.thingId ? (this.refusal ? w.things : w.loading) : w.newThing);
    return html`<p><a href="/">← ${w.back}</a></p>
      <h1 tabindex="-1">${title}</h1>
      <p role="status" class="quiet">${this.said === "saved" ? w.saved : this.said === "draft" ? w.draft : ""}</p>
      ${this.theirs ? this.#conflict(this.theirs) : nothing}
      ${this.written
        ? html`<wb-thing-form
            .written=${this.written}
            .refusal=${this.refusal}
            ?saving=${this.busy}
            @wb-written=${this.#written}
            @wb-save=${(event: CustomEvent<ThingInput>) => this.#save(event.detail)}
            @wb-cancel=${() => this.#close()}
          ></wb-thing-form>`
        : html`<wb-notice again .refusal=${this.refusal} @wb-again=${this.#open}></wb-notice>${this.#shown()}`}
      ${this.known && this.thingId
        ? html`<wb-attachments .api=${this.api} .thingId=${this.thingId} ?writes=${this.writes}></wb-attachments>`
        : nothing}`;
  }

  #shown(): unknown {
    if (!this.known) return nothing;
    const w = words();
    const { thing } = this.known;
    return html`<p>
        <span class="status ${thing.status}">${w.statuses[thing.status]}</span>
        <span class="quiet">
          ${w.created} <time datetime=${thing.created_at}>${moment(thing.created_at)}</time> · ${w.changed}
          <time datetime=${thing.updated_at}>${moment(thing.updated_at)}</time></span
        >
      </p>
      ${thing.body ? html`<p class="written">${thing.body}</p>` : nothing}
      ${this.writes
        ? html`<p class="row">
            <button type="button" @click=${this.#edit}>${w.edit}</button>
            <button type="button" class="danger" @click=${() => this.tell("wb-remove", this.known)}>${w.remove}</button>
          </p>`
        : nothing}`;
  }

  #conflict({ thing }: Read): unknown {
    const w = words();
    return html`<section class="conflict notice" aria-labelledby="conflict">
      <h2 id="conflict" tabindex="-1">${w.conflict}</h2>
      <p>${w.conflictMore}</p>
      <h3>${w.theirs}</h3>
      <dl>
        <dt>${w.title}</dt>
        <dd>${thing.title}</dd>
        <dt>${w.body}</dt>
        <dd class="written">${thing.body || "–"}</dd>
        <dt>${w.status}</dt>
        <dd>${w.statuses[thing.status]}</dd>
      </dl>
      <p class="row">
        <button type="button" class="primary" @click=${() => this.written && this.#save(this.written)}>${w.keepMine}</button>
        <button type="button" @click=${this.#takeTheirs}>${w.takeTheirs}</button>
      </p>
    </section>`;
  }
}
