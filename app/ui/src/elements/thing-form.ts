import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { Refusal, Status, ThingInput } from "../api/client";
import { words } from "../text/language";
import { Part } from "./part";
import "./notice";

/** A thing being written. Tells `wb-save` with what was written, and `wb-cancel`. */
@customElement("wb-thing-form")
export class ThingForm extends Part {
  @property({ attribute: false }) written: ThingInput = { title: "", body: "", status: "open" };
  @property({ type: Boolean }) saving = false;
  @property({ attribute: false }) refusal?: Refusal | undefined;
  @state() private untitled = false;

  #submit = (event: Event): void => {
    event.preventDefault();
    if (this.saving) return;
    this.untitled = !this.written.title.trim();
    if (this.untitled) void this.focusOn("[name=title]");
    else this.tell("wb-save", this.written);
  };

  #changed = (event: Event): void => {
    const { name, value } = event.target as HTMLInputElement;
    this.written = { ...this.written, [name]: value } as ThingInput;
    if (name === "title") this.untitled &&= !value.trim();
    this.tell("wb-written", this.written);
  };

  override render(): unknown {
    const w = words();
    const { title, body, status } = this.written;
    return html`<form class="stack" novalidate @submit=${this.#submit} @input=${this.#changed}>
      <label
        >${w.title}
        <input
          name="title"
          required
          maxlength="200"
          autocomplete="off"
          .value=${title}
          aria-invalid=${this.untitled}
          aria-describedby=${this.untitled ? "untitled" : nothing}
      /></label>
      ${this.untitled ? html`<p id="untitled" class="error" role="alert">${w.titleNeeded}</p>` : nothing}
      <label>${w.body} <textarea name="body" rows="8" maxlength="20000" .value=${body ?? ""}></textarea></label>
      <label
        >${w.status}
        <select name="status">
          ${Object.entries(w.statuses).map(
            ([value, text]) =>
              html`<option value=${value} ?selected=${(value as Status) === status}>${text}</option>`,
          )}
        </select></label
      >
      <wb-notice .refusal=${this.refusal}></wb-notice>
      <p class="row">
        <button class="primary" aria-disabled=${this.saving}>${this.saving ? w.loading : w.save}</button>
        <button type="button" @click=${() => this.tell("wb-cancel")}>${w.cancel}</button>
      </p>
    </form>`;
  }
}
