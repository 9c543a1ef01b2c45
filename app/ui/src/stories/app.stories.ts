import type { Meta, StoryObj } from "@storybook/web-components-vite";
import { html } from "lit";

import "../elements/app";
import type { Api } from "../api/client";
import { press, there } from "./act";
import { caller, refuses, service, waits } from "./service";

/** The whole of it at one address. */
const at = (path: string, api: Partial<Api> = {}, provider = "id.example") => {
  history.replaceState(null, "", `${path}${location.search}`);
  return html`<wb-app .api=${service(api)} .provider=${provider}></wb-app>`;
};

export default { title: "App" } satisfies Meta;
type Story = StoryObj;

export const SignedOut: Story = { render: () => at("/", { me: refuses(401) }) };
export const SignedOutInDevelopment: Story = { render: () => at("/", { me: refuses(401) }, "mock") };
export const LoginNotSetUp: Story = { render: () => at("/", { me: refuses(401) }, "") };
export const SessionOver: Story = {
  render: () => at("/", { things: refuses(401) }),
  play: async ({ canvasElement }) => void (await there(canvasElement, "wb-signed-out")),
};
export const Loading: Story = { render: () => at("/", { me: waits }) };
export const Maintenance: Story = { render: () => at("/", { me: refuses(503, "", 30) }) };
export const ForAnAdmin: Story = { render: () => at("/") };
export const ForAReader: Story = { render: () => at("/", { me: async () => caller("reader") }) };
export const NoSuchPage: Story = { render: () => at("/nowhere") };
export const Undo: Story = {
  render: () => at("/things/0198c3a2-0000-7000-8000-000000000000"),
  play: async ({ canvasElement }) => {
    await press(canvasElement, "wb-thing > p .danger");
    await there(canvasElement, ".toast button");
    await there(canvasElement, ".things");
  },
};
