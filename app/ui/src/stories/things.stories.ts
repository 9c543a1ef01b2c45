import type { Meta, StoryObj } from "@storybook/web-components-vite";
import { html } from "lit";

import "../elements/things";
import type { Api } from "../api/client";
import { there } from "./act";
import { refuses, service, waits } from "./service";

const list = (api: Partial<Api> = {}, search = "", writes = true) =>
  html`<main><wb-things .api=${service(api)} .search=${search} ?writes=${writes}></wb-things></main>`;
const nothing = async () => ({ items: [], next_cursor: null, total: null });

export default { title: "Things" } satisfies Meta;
type Story = StoryObj;

export const Listed: Story = { render: () => list() };
export const ForAReader: Story = { render: () => list({}, "", false) };
export const Loading: Story = { render: () => list({ things: waits }) };
export const Empty: Story = { render: () => list({ things: nothing }) };
export const NothingFound: Story = { render: () => list({ things: nothing }, "posters") };
export const Offline: Story = { render: () => list({ things: refuses(0) }) };
export const Maintenance: Story = { render: () => list({ things: refuses(503, "", 30) }) };
export const TooManyRequests: Story = { render: () => list({ things: refuses(429, "", 3) }) };
export const Failed: Story = { render: () => list({ things: refuses(500) }) };
export const SecondPageRefused: Story = {
  render: () => {
    const { things } = service();
    return list({ things: (query) => (query.cursor ? refuses(503, "", 30)() : things(query)) });
  },
  play: async ({ canvasElement }) => {
    await there(canvasElement, ".things");
    (await there<HTMLElement>(canvasElement, "p > button")).click();
    await there(canvasElement, ".notice");
  },
};
