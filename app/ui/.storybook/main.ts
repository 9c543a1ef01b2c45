import type { StorybookConfig } from "@storybook/web-components-vite";

const named = (plugin: unknown, name: string) => (plugin as { name?: string } | null)?.name === name;

export default {
  framework: "@storybook/web-components-vite",
  stories: ["../src/stories/*.stories.ts"],
  addons: ["@storybook/addon-a11y"],
  // What the service serves is compressed by the build; Pages compresses by itself.
  viteFinal: (config) => ({ ...config, plugins: config.plugins?.filter((one) => !named(one, "compressed")) ?? [] }),
  core: { disableTelemetry: true, disableWhatsNewNotifications: true },
} satisfies StorybookConfig;
