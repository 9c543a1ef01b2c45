import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { Api, Refusal, Right, Token, TokenValue } from "../api/client";
import { day, moment, words } from "../text/language";
import { Part } from "./part";
import "./notice";

/** What one's scripts log in with: made, shown once, given a new value, revoked. */
@customElement("wb-tokens")
export class Tokens extends Part {
  @property({ attribute: false }) api!: Api;
  /** What whoever looks may do, and so what a token may. */
  @property({ attribute: false }) rights: Right[] = [];
  @state() private items: Token[] | undefined;
  @state() private made: TokenValue | undefined;
  @state() private rotated = false;
  @state() private copied = false;
  @state() private unticked = false;
  @state() private asking = "";
  @state() private refusal: Refusal | undefined;

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("api")) void this.#try(async () => void (this.items = await this.api.tokens()));
  }

  async #try(work: () => Promise<void>): Promise<void> {
    this.refusal = undefined;
    try {
      await work();
    } catch (error) {
      this.refusal = this.failed(error);
    }
  }

  #busy = false;

  /** A second click would make another token, or end the former value at once. */
  async #once(work: () => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    await this.#try(work);
    this.#busy = false;
  }

  #make = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const given = new FormData(form);
    const scopes = given.getAll("scope") as Right[];
    this.unticked = !scopes.length;
    if (this.unticked) return form.querySelector<HTMLElement>("[name=scope]")?.focus();
    void this.#once(async () => {
      const asked = { name: String(given.get("name")), scopes, expires_in_days: Number(given.get("days")) };
      this.#show(await this.api.makeToken(asked), false);
      form.reset();
    });
  };

  #show(made: TokenValue, rotated: boolean): void {
    this.made = made;
    this.rotated = rotated;
    this.copied = false;
    const { value: _, ...token } = made;
    this.items = [token, ...(this.items ?? []).filter(({ id }) => id !== made.id)];
    void this.focusOn(".made h2");
  }

  #revoke({ id }: Token): void {
    void this.#try(async () => {
      await this.api.revokeToken(id);
      this.items = this.items?.filter((one) => one.id !== id);
      if (this.made?.id === id) this.made = undefined;
      this.asking = "";
      void this.focusOn("h1");
    });
  }

  #copy = async (): Promise<void> => {
    const field = this.querySelector<HTMLInputElement>(".made input");
    field?.select();
    await navigator.clipboard?.writeText(this.made?.value ?? "").then(
      () => (this.copied = true),
      () => undefined, // it is selected: the keyboard copies it
    );
  };

  override render(): unknown {
    const w = words();
    return html`<h1 tabindex="-1">${w.tokens}</h1>
      <p>${w.tokensMore}</p>
      <form class="stack" @submit=${this.#make}>
        <label>${w.tokenName} <input name="name" required maxlength="100" autocomplete="off" /></label>
        <fieldset aria-describedby=${this.unticked ? "unticked" : nothing}>
          <legend>${w.scopes}</legend>
          ${this.rights.map(
            (right) => html`<label class="tick"><input type="checkbox" name="scope" value=${right} /> ${w.scope[right]}</label>`,
          )}
        </fieldset>
        ${this.unticked ? html`<p id="unticked" class="error" role="alert">${w.scopeNeeded}</p>` : nothing}
        <label>${w.days} <input name="days" type="number" min="1" max="365" value="90" required /></label>
        <p><button class="primary">${w.makeToken}</button></p>
      </form>
      ${this.made ? this.#shown(this.made) : nothing}
      <wb-notice .refusal=${this.refusal}></wb-notice>
      <p role="status" class="quiet">${!this.items && !this.refusal ? w.loading : this.items?.length === 0 ? w.noTokens : ""}</p>
      ${this.items?.length
        ? html`<ul class="people" aria-label=${w.tokens}>
            ${this.items.map((token) => this.#token(token))}
          </ul>`
        : nothing}`;
  }

  #shown(made: TokenValue): unknown {
    const w = words();
    return html`<section class="made notice good">
      <h2 tabindex="-1">${made.name}</h2>
      <p>${w.tokenMade} ${this.rotated ? w.rotated : nothing}</p>
      <p class="row">
        <input readonly class="value" aria-label=${made.name} .value=${made.value} />
        <button type="button" @click=${this.#copy}>${w.copy}</button>
        <span role="status">${this.copied ? w.copied : ""}</span>
      </p>
    </section>`;
  }

  #token(token: Token): unknown {
    const w = words();
    const used = token.last_used_at ? moment(token.last_used_at) : w.never;
    return html`<li>
      <div class="row spread">
        <span>
          <strong>${token.name}</strong>
          <span class="quiet">${token.scopes.map((scope) => w.scope[scope]).join(", ")}</span><br />
          <span class="quiet">${w.ends} ${day(token.expires_at)} · ${w.lastUsed} ${used}</span>
        </span>
        <span class="row">
          <button type="button" aria-label="${w.rotate}: ${token.name}" @click=${() => this.#rotate(token)}>${w.rotate}</button>
          <button type="button" class="danger" aria-label="${w.revoke}: ${token.name}" @click=${() => this.#ask(token.id)}>
            ${w.revoke}
          </button>
        </span>
      </div>
      ${this.asking === token.id
        ? html`<div class="notice" role="group" aria-label=${w.reallyRevoke(token.name)}>
            <p>${w.reallyRevoke(token.name)}</p>
            <p class="row">
              <button type="button" class="asked" @click=${() => this.#ask("")}>${w.cancel}</button>
              <button type="button" class="danger" @click=${() => this.#revoke(token)}>${w.yesRevoke}</button>
            </p>
          </div>`
        : nothing}
    </li>`;
  }

  #rotate({ id }: Token): void {
    void this.#once(async () => this.#show(await this.api.rotateToken(id), true));
  }

  #ask(id: string): void {
    this.asking = id;
    void this.focusOn(id ? ".asked" : "h1");
  }
}
