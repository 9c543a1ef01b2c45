import "../src/style.css";

import type { Preview } from "@storybook/web-components-vite";

import { choose, LANGUAGES } from "../src/text/language";
import { apply, THEMES } from "../src/theme";

export default {
  globalTypes: {
    language: {
      description: "Language",
      toolbar: { icon: "globe", items: Object.entries(LANGUAGES).map(([value, title]) => ({ value, title })) },
    },
    theme: { description: "Theme", toolbar: { icon: "mirror", items: [...THEMES] } },
  },
  initialGlobals: { language: "en", theme: "auto" },
  parameters: {
    layout: "fullscreen",
    controls: { disable: true },
    a11y: { test: "error" },
    viewport: { options: { phone: { name: "Phone", styles: { width: "390px", height: "844px" } } } },
  },
  decorators: [
    (story, { globals }) => {
      choose(globals["language"]);
      apply(globals["theme"]);
      return story();
    },
  ],
} satisfies Preview;
