import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import type { Api, AuditEvent, Refusal } from "../api/client";
import { moment, words } from "../text/language";
import { Part } from "./part";
import "./notice";

/** Who did what: for admins. Ids are shortened to the eye and whole to the hand. */
@customElement("wb-audit")
export class Audit extends Part {
  @property({ attribute: false }) api!: Api;
  @state() private items: AuditEvent[] | undefined;
  @state() private next: string | null = null;
  @state() private refusal: Refusal | undefined;

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("api")) void this.#load();
  }

  async #load(cursor?: string): Promise<void> {
    this.refusal = undefined;
    try {
      const page = await this.api.audit(cursor);
      this.items = cursor ? [...(this.items ?? []), ...page.items] : page.items;
      this.next = page.next_cursor;
    } catch (error) {
      this.refusal = this.failed(error);
    }
  }

  override render(): unknown {
    const w = words();
    const { items } = this;
    return html`<h1 tabindex="-1">${w.audit}</h1>
      <p role="status" class="quiet">${!items && !this.refusal ? w.loading : items?.length === 0 ? w.noEvents : ""}</p>
      ${items?.length
        ? html`<div class="wide" tabindex="0" role="region" aria-label=${w.audit}>
            <table>
              <thead>
                <tr>
                  ${[w.when, w.did, w.of, w.who].map((text) => html`<th scope="col">${text}</th>`)}
                </tr>
              </thead>
              <tbody>
                ${items.map((event) => this.#event(event))}
              </tbody>
            </table>
          </div>`
        : nothing}
      <wb-notice again .refusal=${this.refusal} @wb-again=${() => this.#load(this.next ?? undefined)}></wb-notice>
      ${this.next && !this.refusal
        ? html`<p><button type="button" @click=${() => this.#load(this.next ?? undefined)}>${w.more}</button></p>`
        : nothing}`;
  }

  #event(event: AuditEvent): unknown {
    const short = (id: string | null) => (id ? html`<code title=${id}>…${id.slice(-8)}</code>` : nothing);
    return html`<tr>
      <td><time datetime=${event.happened_at}>${moment(event.happened_at)}</time></td>
      <td>${event.action} <span class="quiet">${event.details}</span></td>
      <td>${short(event.subject_id)}</td>
      <td>${event.member_id ? short(event.member_id) : words().operator}</td>
    </tr>`;
  }
}
