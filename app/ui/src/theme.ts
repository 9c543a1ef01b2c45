import { store, stored } from "./text/language";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "theme";

export function theme(): Theme {
  return THEMES.find((one) => one === stored(KEY)) ?? "auto";
}

/** `auto` is the stylesheet's own: what the system prefers. */
export function apply(chosen: Theme = theme()): void {
  store(KEY, chosen);
  if (chosen === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
}
