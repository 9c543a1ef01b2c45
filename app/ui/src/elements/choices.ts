import { html } from "lit";
import { customElement } from "lit/decorators.js";

import { choose, type Language, language, LANGUAGES, words } from "../text/language";
import { apply, type Theme, theme, THEMES } from "../theme";
import { Part } from "./part";

/** Language and theme, each kept in this browser. */
@customElement("wb-choices")
export class Choices extends Part {
  override render(): unknown {
    const w = words();
    return html`<select aria-label=${w.language} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value as Language)}>
        ${Object.entries(LANGUAGES).map(
          ([code, name]) => html`<option value=${code} lang=${code} ?selected=${code === language()}>${name}</option>`,
        )}
      </select>
      <select aria-label=${w.theme} @change=${(event: Event) => apply((event.target as HTMLSelectElement).value as Theme)}>
        ${THEMES.map((one) => html`<option value=${one} ?selected=${one === theme()}>${w.themes[one]}</option>`)}
      </select>`;
  }
}
