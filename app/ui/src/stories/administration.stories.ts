import type { Meta, StoryObj } from "@storybook/web-components-vite";
import { html } from "lit";

import "../elements/audit";
import "../elements/members";
import "../elements/tokens";
import type { Api } from "../api/client";
import { press, there, write } from "./act";
import { caller, refuses, service, waits } from "./service";

const members = (api: Partial<Api> = {}) =>
  html`<main><wb-members .api=${service(api)} .own=${caller().member_id}></wb-members></main>`;
const tokens = (api: Partial<Api> = {}) =>
  html`<main><wb-tokens .api=${service(api)} .rights=${caller().rights}></wb-tokens></main>`;
const audit = (api: Partial<Api> = {}) => html`<main><wb-audit .api=${service(api)}></wb-audit></main>`;

export default { title: "Administration" } satisfies Meta;
type Story = StoryObj;

export const Members: Story = { render: () => members() };
export const MembersLoading: Story = { render: () => members({ members: waits }) };
export const MembersForbidden: Story = { render: () => members({ members: refuses(403) }) };
export const MemberAdded: Story = {
  render: () => members(),
  play: async ({ canvasElement }) => {
    await there(canvasElement, ".people");
    await write(canvasElement, "[name=subject]", "linus");
    await press(canvasElement, ".primary");
    await there(canvasElement, "li:nth-child(4)");
  },
};
export const MemberToBeRemoved: Story = {
  render: () => members(),
  play: async ({ canvasElement }) => press(canvasElement, "li:nth-child(2) .danger"),
};
export const TheLastAdminStays: Story = {
  render: () => members({ removeMember: refuses(409) }),
  play: async ({ canvasElement }) => {
    await press(canvasElement, "li .danger");
    await press(canvasElement, "li .notice .danger");
    await there(canvasElement, "p.notice");
  },
};
export const Tokens: Story = { render: () => tokens() };
export const NoTokens: Story = { render: () => tokens({ tokens: async () => [] }) };
export const TokenMade: Story = {
  render: () => tokens(),
  play: async ({ canvasElement }) => {
    await write(canvasElement, "[name=name]", "nightly import");
    await press(canvasElement, "[name=scope]");
    await press(canvasElement, ".primary");
    await there(canvasElement, ".made");
  },
};
export const TokenWithoutScopes: Story = {
  render: () => tokens(),
  play: async ({ canvasElement }) => {
    await write(canvasElement, "[name=name]", "nightly import");
    await press(canvasElement, ".primary");
    await there(canvasElement, "#unticked");
  },
};
export const TokenToBeRevoked: Story = {
  render: () => tokens(),
  play: async ({ canvasElement }) => press(canvasElement, "li .danger"),
};
export const AuditTrail: Story = { render: () => audit() };
export const AuditTrailEmpty: Story = { render: () => audit({ audit: async () => ({ items: [], next_cursor: null }) }) };
export const AuditTrailForbidden: Story = { render: () => audit({ audit: refuses(403) }) };
