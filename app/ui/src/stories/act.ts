/** What a person does in a story, once what they do it to is there. */
const GIVE_UP_MILLISECONDS = 5000;

export async function there<T extends Element>(root: ParentNode, selector: string): Promise<T> {
  const until = performance.now() + GIVE_UP_MILLISECONDS;
  while (performance.now() < until) {
    const found = root.querySelector<T>(selector);
    if (found) return found;
    await new Promise((next) => requestAnimationFrame(next));
  }
  throw new Error(`${selector} never came`);
}

export const press = async (root: ParentNode, selector: string): Promise<void> => (await there<HTMLElement>(root, selector)).click();

export async function write(root: ParentNode, selector: string, value: string): Promise<void> {
  const field = await there<HTMLInputElement>(root, selector);
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
