/** The language in use: chosen by a person, else the browser's, else English. */
import { english, type Words } from "./english";
import { norwegian } from "./norwegian";

export const LANGUAGES = { en: "English", nb: "Norsk" } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = "language";
const listeners = new Set<() => void>();
let chosen: Language = first();
document.documentElement.lang = chosen;

function first(): Language {
  const kept = stored(KEY);
  if (kept === "en" || kept === "nb") return kept;
  return navigator.languages.find((one) => /^(nb|nn|no|en)\b/.test(one))?.startsWith("n") ? "nb" : "en";
}

export const language = (): Language => chosen;
export const words = (): Words => (chosen === "nb" ? norwegian : english);

export function choose(language: Language): void {
  chosen = language;
  store(KEY, language);
  document.documentElement.lang = language;
  listeners.forEach((redraw) => redraw());
}

/** Hear of changes; gives back what ends that. */
export function onLanguage(redraw: () => void): () => void {
  listeners.add(redraw);
  return () => listeners.delete(redraw);
}

/** What this browser keeps; nothing where it keeps nothing. */
export function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then it is forgotten with the page.
  }
}

/** Dates as the person's country writes them, where the browser says so in the chosen language. */
const locale = (): string => navigator.languages.find((one) => one.startsWith(`${chosen}-`)) ?? chosen;

export const moment = (value: string): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(value));

export const day = (value: string): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(new Date(value));

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

export function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const unit = UNITS[power] ?? "byte";
  const style = { style: "unit", unit, unitDisplay: power ? "short" : "long", maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(locale(), style).format(bytes / 1000 ** power);
}
