import type { Meta, StoryObj } from "@storybook/web-components-vite";
import { html } from "lit";

import "../elements/attachments";
import type { Api } from "../api/client";
import type { Attachments } from "../elements/attachments";
import { press, there } from "./act";
import { refuses, service, thing, waits } from "./service";

const files = (api: Partial<Api> = {}, writes = true) =>
  html`<main><wb-attachments .api=${service(api)} .thingId=${thing(0).id} ?writes=${writes}></wb-attachments></main>`;
const none = async () => [];

const add = async (root: HTMLElement, shown: string) => {
  (await there<Attachments>(root, "wb-attachments")).add([new File(["content"], "photo.jpg")]);
  await there(root, shown);
};

export default { title: "Attachments" } satisfies Meta;
type Story = StoryObj;

export const Listed: Story = { render: () => files() };
export const ForAReader: Story = { render: () => files({}, false) };
export const None: Story = { render: () => files({ attachments: none }) };
export const Loading: Story = { render: () => files({ attachments: waits }) };
export const Uploading: Story = {
  render: () => files({ attachments: none, attach: (_thing, _file, _key, progress) => (progress(0.4), waits()) }),
  play: async ({ canvasElement }) => add(canvasElement, "progress"),
};
export const UploadFailed: Story = {
  render: () => files({ attach: refuses(0) }),
  play: async ({ canvasElement }) => add(canvasElement, ".notice"),
};
export const UploadTooLarge: Story = {
  render: () => files({ attach: refuses(413) }),
  play: async ({ canvasElement }) => add(canvasElement, ".notice"),
};
export const Full: Story = {
  render: () => files({ attach: refuses(409) }),
  play: async ({ canvasElement }) => add(canvasElement, ".notice"),
};
const CHECK = "li button:not(.danger)";
export const Checked: Story = {
  render: () => files(),
  play: async ({ canvasElement }) => press(canvasElement, CHECK),
};
export const CheckedAndChanged: Story = {
  render: () => files({ content: async () => new Uint8Array([4]).buffer }),
  play: async ({ canvasElement }) => {
    await press(canvasElement, CHECK);
    await there(canvasElement, "p.error");
  },
};
export const NotToBeChecked: Story = {
  render: () => files({ content: refuses(0) }),
  play: async ({ canvasElement }) => press(canvasElement, CHECK),
};
