import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { Api, Member, Refusal, Role } from "../api/client";
import { day, words } from "../text/language";
import { Part } from "./part";
import "./notice";

/** Who may log in to the organisation, and as what: for its admins. */
@customElement("wb-members")
export class Members extends Part {
  @property({ attribute: false }) api!: Api;
  /** Who looks. */
  @property() own = "";
  @state() private items: Member[] | undefined;
  @state() private next: string | null = null;
  @state() private asking = "";
  @state() private said = "";
  @state() private refusal: Refusal | undefined;
  #again: () => unknown = () => this.#load();

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("api")) void this.#load();
  }

  async #load(cursor?: string): Promise<void> {
    await this.#try(async () => {
      const page = await this.api.members(cursor);
      this.items = cursor ? [...(this.items ?? []), ...page.items] : page.items;
      this.next = page.next_cursor;
    });
  }

  async #try(work: () => Promise<void>): Promise<void> {
    this.refusal = undefined;
    this.said = "";
    this.#again = () => this.#try(work);
    try {
      await work();
    } catch (error) {
      this.refusal = this.failed(error);
      this.requestUpdate();
    }
  }

  #add = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const given = new FormData(form);
    const subject = String(given.get("subject")).trim();
    if (!subject) return form.querySelector("input")?.focus();
    void this.#try(async () => {
      const added = await this.api.addMember(subject, given.get("role") as Role);
      this.items = [...(this.items ?? []), added];
      this.said = words().memberAdded(added.subject);
      form.reset();
    });
  };

  #change(member: Member, select: HTMLSelectElement): void {
    void this.#try(async () => {
      const changed = await this.api.changeMember(member.id, select.value as Role);
      this.items = this.items?.map((one) => (one.id === member.id ? changed : one));
      this.said = words().saved;
    }).then(() => {
      if (this.refusal) select.value = member.role;
    });
  }

  #remove(member: Member): void {
    void this.#try(async () => {
      await this.api.removeMember(member.id);
      this.items = this.items?.filter((one) => one.id !== member.id);
      this.asking = "";
      void this.focusOn("h1");
    });
  }

  override render(): unknown {
    const w = words();
    return html`<h1 tabindex="-1">${w.members}</h1>
      <form class="filters" @submit=${this.#add}>
        <label
          >${w.subject}
          <input name="subject" required maxlength="255" autocomplete="off" aria-describedby="subject-hint" />
          <small id="subject-hint">${w.subjectHint}</small></label
        >
        <label>${w.role} <select name="role">${this.#roles("editor")}</select></label>
        <p><button class="primary">${w.addMember}</button></p>
      </form>
      <p role="status" class="quiet">${this.said}${!this.items && !this.refusal ? w.loading : ""}</p>
      ${this.refusal?.status === 409
        ? html`<p class="notice" role="alert">${w.lastAdmin}</p>`
        : html`<wb-notice again .refusal=${this.refusal} @wb-again=${() => this.#again()}></wb-notice>`}
      ${this.items?.length
        ? html`<ul class="people" aria-label=${w.members}>
            ${this.items.map((member) => this.#member(member))}
          </ul>`
        : nothing}
      ${this.next ? html`<p><button type="button" @click=${() => this.#load(this.next ?? undefined)}>${w.more}</button></p>` : nothing}`;
  }

  #roles(chosen: Role): unknown {
    return Object.entries(words().roles).map(
      ([value, text]) => html`<option value=${value} ?selected=${value === chosen}>${text}</option>`,
    );
  }

  #member(member: Member): unknown {
    const w = words();
    const own = member.id === this.own;
    return html`<li>
      <div class="row spread">
        <span>
          <strong>${member.subject}</strong> ${own ? html`<span class="quiet">(${w.you})</span>` : nothing}
          <span class="quiet">${w.since} ${day(member.created_at)}</span>
        </span>
        <span class="row">
          <select
            aria-label="${w.role}: ${member.subject}"
            @change=${(event: Event) => this.#change(member, event.target as HTMLSelectElement)}
          >
            ${this.#roles(member.role)}
          </select>
          <button type="button" class="danger" aria-label="${w.removeMember}: ${member.subject}" @click=${() => this.#ask(member.id)}>
            ${w.removeMember}
          </button>
        </span>
      </div>
      ${this.asking === member.id
        ? html`<div class="notice" role="group" aria-label=${w.reallyRemove(member.subject)}>
            <p>${w.reallyRemove(member.subject)}</p>
            <p class="row">
              <button type="button" class="asked" @click=${() => this.#ask("")}>${w.cancel}</button>
              <button type="button" class="danger" @click=${() => this.#remove(member)}>${w.yesRemove}</button>
            </p>
          </div>`
        : nothing}
    </li>`;
  }

  #ask(id: string): void {
    this.asking = id;
    void this.focusOn(id ? ".asked" : "h1");
  }
}
