import type { Meta, StoryObj } from "@storybook/web-components-vite";
import { html } from "lit";

import "../elements/thing";
import type { Api } from "../api/client";
import { keep } from "../drafts";
import { press, there, write } from "./act";
import { read, refuses, service, thing, waits } from "./service";

const MEMBER = "0190a0c4-0000-7000-8000-000000000001";
const page = (api: Partial<Api> = {}, writes = true, id = thing(0).id) =>
  html`<main><wb-thing .api=${service(api)} .thingId=${id} .member=${MEMBER} ?writes=${writes}></wb-thing></main>`;

/** Edit, write, and save. */
const save = async (root: HTMLElement, shown: string) => {
  await press(root, "wb-thing > p.row button");
  await write(root, "textarea", "Three hundred posters.");
  await press(root, "wb-thing-form .primary");
  await there(root, shown);
};

export default { title: "Thing" } satisfies Meta;
type Story = StoryObj;

export const Shown: Story = { render: () => page() };
export const ForAReader: Story = { render: () => page({}, false) };
export const Loading: Story = { render: () => page({ thing: waits }) };
export const AnotherTenants: Story = { render: () => page({ thing: refuses(404) }) };
export const New: Story = { render: () => page({}, true, "") };
export const WithoutATitle: Story = {
  render: () => page({}, true, ""),
  play: async ({ canvasElement }) => {
    await press(canvasElement, "wb-thing-form .primary");
    await there(canvasElement, "#untitled");
  },
};
export const Saved: Story = {
  render: () => page(),
  play: async ({ canvasElement }) => save(canvasElement, "wb-thing > p.row"),
};
export const Saving: Story = {
  render: () => page({ replace: waits }),
  play: async ({ canvasElement }) => save(canvasElement, "[aria-disabled=true]"),
};
export const Frozen: Story = {
  render: () => page({ replace: refuses(423, "", 60) }),
  play: async ({ canvasElement }) => save(canvasElement, ".notice"),
};
export const NotAllowed: Story = {
  render: () => page({ replace: refuses(403) }),
  play: async ({ canvasElement }) => save(canvasElement, ".notice"),
};
export const Offline: Story = {
  render: () => page({ replace: refuses(0) }),
  play: async ({ canvasElement }) => save(canvasElement, ".notice"),
};
export const Conflict: Story = {
  render: () => {
    let changed = false;
    const replace = () => ((changed = true), refuses(412)());
    return page({ replace, thing: async () => (changed ? read(1, '"2"') : read(0)) });
  },
  play: async ({ canvasElement }) => save(canvasElement, ".conflict"),
};
export const DraftAfterLogin: Story = {
  render: () => {
    keep(thing(0).id, MEMBER, { written: { title: "Ring trykkeriet", body: "Half a sentence", status: "open" }, etag: '"1"' });
    return page();
  },
  play: async ({ canvasElement }) => void (await there(canvasElement, "wb-thing-form")),
};
export const SomebodyElsesDraft: Story = {
  render: () => {
    keep(thing(0).id, "somebody else", { written: { title: "Ikke for deg", body: "", status: "open" }, etag: '"1"' });
    return page();
  },
  play: async ({ canvasElement }) => {
    await there(canvasElement, "wb-thing > p.row button");
    if (canvasElement.querySelector("wb-thing-form")) throw new Error("a draft of somebody else is shown");
  },
};
