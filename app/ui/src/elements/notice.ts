import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { Refusal } from "../api/client";
import { words } from "../text/language";
import { Part, problemOf, problemWords } from "./part";

const UNTOLD_SECONDS = 10;

/** Why something was not done, and when it is tried again: by itself where that may help, else by a button. */
@customElement("wb-notice")
export class Notice extends Part {
  @property({ attribute: false }) refusal?: Refusal;
  /** Whether there is something to try again; then `wb-again` is told. */
  @property({ type: Boolean }) again = false;
  @state() private left = 0;
  #ticking = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#ticking);
    removeEventListener("online", this.#try);
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("refusal")) return;
    clearInterval(this.#ticking);
    removeEventListener("online", this.#try);
    if (!this.refusal || !this.again || !this.#waits) return;
    this.left = this.refusal.retryAfterSeconds || UNTOLD_SECONDS;
    this.#ticking = window.setInterval(() => (--this.left > 0 ? undefined : this.#try()), 1000);
    addEventListener("online", this.#try);
  }

  get #waits(): boolean {
    return !!this.refusal && ["offline", "maintenance", "busy"].includes(problemOf(this.refusal));
  }

  #try = (): void => {
    clearInterval(this.#ticking);
    this.tell("wb-again");
  };

  override render(): unknown {
    const { refusal } = this;
    if (!refusal) return nothing;
    const [title, more] = problemWords(refusal);
    const w = words();
    // The countdown is outside of what is announced: a screen reader would read every second of it.
    return html`<section class="notice">
      <div role="alert">
        <h2>${title}</h2>
        <p>${more || refusal.detail}</p>
        ${problemOf(refusal) === "other" && refusal.requestId
          ? html`<p>${w.requestId}: <code>${refusal.requestId}</code></p>`
          : nothing}
      </div>
      ${this.again
        ? html`<p class="row">
            <button type="button" @click=${this.#try}>${w.tryNow}</button>
            ${this.#waits ? html`<span class="quiet">${w.again(this.left)}</span>` : nothing}
          </p>`
        : nothing}
    </section>`;
  }
}
