import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { words } from "../text/language";
import { Part } from "./part";

export const MOCK = "mock";

/** Where a login begins: the provider by its name, the mock plainly marked, and the way back to where one was. */
@customElement("wb-signed-out")
export class SignedOut extends Part {
  /** The provider's host name; `mock` for development's; empty where none is set up. */
  @property() provider = "";
  @property() returnTo = "/";
  /** A session was there, and ended. */
  @property({ type: Boolean }) over = false;

  override render(): unknown {
    const w = words();
    const address = `/auth/login?return_to=${encodeURIComponent(this.returnTo)}`;
    return html`<section class="narrow">
      <h1 tabindex="-1">${this.over ? w.sessionOver : w.name}</h1>
      <p>${this.over ? w.sessionOverMore : w.signedOut}</p>
      ${this.provider === MOCK ? html`<p class="warning">${w.mock}</p>` : nothing}
      ${this.provider
        ? html`<p>
            <a class="button primary" data-outside href=${address}
              >${this.provider === MOCK ? w.logInAtMock : w.logInWith(this.provider)}</a
            >
          </p>`
        : html`<p class="warning">${w.noLogin}</p>`}
    </section>`;
  }
}
