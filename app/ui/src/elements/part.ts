import { LitElement } from "lit";

import { Refusal } from "../api/client";
import type { Problem } from "../text/english";
import { onLanguage, words } from "../text/language";

/** What every element has: no shadow, so that one stylesheet and every label reach it; drawn again in another language. */
export abstract class Part extends LitElement {
  #deaf = () => {};

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#deaf = onLanguage(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#deaf();
  }

  /** Tell whoever holds this element. */
  protected tell<T>(name: string, detail?: T): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }

  /** A session that is over is the whole page's matter; every other failure is this element's. */
  protected failed(error: unknown): Refusal {
    const refusal = Refusal.of(error);
    if (refusal.status === 401) this.tell("wb-session-over");
    return refusal;
  }

  /** Move the focus once what is to get it is drawn. */
  protected async focusOn(selector: string): Promise<void> {
    await this.updateComplete;
    this.querySelector<HTMLElement>(selector)?.focus();
  }
}

export function problemOf({ status }: Refusal): Problem {
  const known: Record<number, Problem> = {
    0: "offline",
    403: "forbidden",
    404: "missing",
    409: "full",
    422: "invalid",
    423: "frozen",
    429: "busy",
    503: "maintenance",
  };
  return known[status] ?? "other";
}

export const problemWords = (refusal: Refusal): readonly [string, string] => words().problems[problemOf(refusal)];
