import type { StorybookConfig } from "@storybook/web-components-vite";

const name = (plugin: unknown): string => (plugin as { name?: string } | null)?.name ?? "";

export default {
  framework: "@storybook/web-components-vite",
  stories: ["../src/stories/*.stories.ts"],
  addons: ["@storybook/addon-a11y"],
  // Pages compresses by itself, and no image holds these files.
  viteFinal: (config) => ({ ...config, plugins: config.plugins?.filter((one) => !["compressed", "listed"].includes(name(one))) ?? [] }),
  core: { disableTelemetry: true, disableWhatsNewNotifications: true },
} satisfies StorybookConfig;
