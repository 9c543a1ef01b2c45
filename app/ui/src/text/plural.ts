type Forms = { one: string; other: string };

/** Numbers with the form that a language's plural rules choose; `#` is the number as that language writes it. */
export function counted(language: string): (number: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const format = new Intl.NumberFormat(language);
  return (number, forms) =>
    forms[rules.select(number) === "one" ? "one" : "other"].replace("#", format.format(number));
}
