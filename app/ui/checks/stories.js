/**
 * Every story in Chromium, without network: axe finds nothing, and it looks as it did.
 *
 *     node checks/stories.js [--update | --spoil] [PART OF A STORY'S ID ...]
 *
 * axe looks at four views, so that each language is seen in each theme and at each width; pictures
 * are kept of two, in which each language, theme and width is seen once. They are compared where Chromium and its fonts are those
 * that the baselines were made with; elsewhere it says so, and axe is all. Ends with 1 for a finding; the pictures that
 * differ are in build/stories. `--spoil` makes each story ugly and hard to read, which must be found.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";

import { launch, serve, UI } from "./browser.js";

const VIEWS = [
  { name: "nb-light-1280", language: "nb", theme: "light", width: 1280, pictured: true },
  { name: "en-dark-390", language: "en", theme: "dark", width: 390, pictured: true },
  { name: "nb-dark-390", language: "nb", theme: "dark", width: 390 },
  { name: "en-light-1280", language: "en", theme: "light", width: 1280 },
];
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// A story is a part of a page: what holds of the whole page is asked of the stories of the whole.
const OF_PAGES = ["region", "page-has-heading-one", "landmark-one-main", "bypass", "heading-order"];
const SAME_COLOUR = 0.1; // pixelmatch's own, between 0 and 1
const SAME_PICTURE = 0.0005; // of all pixels may differ: how a curve's edge is smoothed
const BASELINES = join(UI, "checks/baselines");
const DIFFERENT = join(UI, "build/stories");
const STORYBOOK = join(UI, "build/storybook");

const update = process.argv.includes("--update");
const spoil = process.argv.includes("--spoil");
const wanted = process.argv.slice(2).filter((one) => !one.startsWith("--"));
const axe = readFileSync(join(UI, "node_modules/axe-core/axe.min.js"), "utf8");
const findings = [];

async function main() {
  const index = JSON.parse(readFileSync(join(STORYBOOK, "index.json"), "utf8"));
  const stories = Object.values(index.entries).filter(
    ({ type, id }) => type === "story" && (!wanted.length || wanted.some((part) => id.includes(part))),
  );
  if (!stories.length) throw new Error("no story has such an id");
  const { address, close } = await serve(STORYBOOK);
  const browser = await launch();
  const compares = comparable(browser.version());
  for (const folder of [BASELINES, DIFFERENT]) mkdirSync(folder, { recursive: true });
  if (!wanted.length) rmSync(DIFFERENT, { recursive: true });
  mkdirSync(DIFFERENT, { recursive: true });
  const shown = new Set();
  await Promise.all(
    VIEWS.map(async (view) => {
      const page = await pageOf(browser, view, `${address}/iframe.html?viewMode=story&id=${stories[0].id}`);
      for (const story of stories) {
        await look(page, story, view, compares);
        if (view.pictured) shown.add(`${story.id}.${view.name}.png`);
      }
    }),
  );
  await browser.close();
  close();
  if (!wanted.length) stale(shown);
  findings.sort().forEach((one) => console.error(one));
  const pictures = `${shown.size} pictures ${compares ? "compared" : "not compared"}`;
  console.log(`${stories.length} stories in ${VIEWS.length} views, ${pictures}: ${findings.length} findings`);
  process.exitCode = findings.length ? 1 : 0;
}

async function pageOf(browser, { language, theme, width }, address) {
  const page = await browser.newPage({
    viewport: { width, height: 720 },
    colorScheme: theme,
    locale: { nb: "nb-NO", en: "en-GB" }[language],
    timezoneId: "Europe/Oslo",
    reducedMotion: "reduce",
  });
  // Countdowns stand still, or no two pictures are alike.
  await page.addInitScript(() => (window.setInterval = () => 0));
  await page.goto(`${address}&globals=language:${language};theme:${theme};a11y.manual:!true`);
  await page.evaluate(axe);
  await page.addStyleTag({ content: ".things li { content-visibility: visible !important }" }); // drawn only in sight
  if (spoil) await page.addStyleTag({ content: "* { color: #999 !important; background: #aaa !important }" });
  return page;
}

/** One page shows one story after the other: loading it anew for each would take three times as long. */
async function look(page, { id, title }, view, compares) {
  const told = (what) => findings.push(`${id} (${view.name}): ${what}`);
  const errors = [];
  const hear = (error) => errors.push(String(error));
  page.on("pageerror", hear);
  const ended = await page.evaluate(show, id);
  page.off("pageerror", hear);
  if (errors.length || ended !== "drawn") return told(`${ended} ${errors.join(" ")}`);
  const off = title === "App" ? [] : OF_PAGES;
  const { violations } = await page.evaluate(
    ([tags, off]) =>
      window.axe.run("#storybook-root", {
        runOnly: tags,
        resultTypes: ["violations"],
        preload: { assets: ["media"] }, // no rule of these tags reads style sheets, which would be fetched and parsed each time
        rules: Object.fromEntries(off.map((rule) => [rule, { enabled: false }])),
      }),
    [TAGS, off],
  );
  for (const { id: rule, help, nodes } of violations) told(`${rule}: ${help} at ${nodes[0].target}`);
  if (!view.pictured || !(compares || update)) return;
  compare(`${id}.${view.name}.png`, await page.screenshot({ fullPage: true, animations: "disabled" }), told);
}

/** In the page: have Storybook draw a story and do what its person does. */
async function show(id) {
  const preview = window.__STORYBOOK_PREVIEW__;
  if (preview.currentRender?.id !== id) {
    window.__STORYBOOK_ADDONS_CHANNEL__.emit("setCurrentStory", { storyId: id, viewMode: "story" });
  }
  const until = performance.now() + 10_000;
  while (performance.now() < until) {
    const { id: now, phase } = preview.currentRender ?? {};
    if (now === id && ["completed", "finished"].includes(phase)) {
      document.activeElement?.blur();
      scrollTo(0, 0);
      return "drawn";
    }
    if (now === id && phase === "errored") return "failed";
    await new Promise((next) => setTimeout(next, 5));
  }
  return "never drawn";
}

function compare(name, picture, told) {
  const baseline = join(BASELINES, name);
  const now = PNG.sync.read(picture);
  const difference = existsSync(baseline) ? differs(PNG.sync.read(readFileSync(baseline)), now) : "has no baseline";
  if (!difference) return;
  const small = written(now);
  if (update) return writeFileSync(baseline, small);
  writeFileSync(join(DIFFERENT, name), small);
  told(`${difference}: look at build/stories/${name}, then \`make -C app ui-baselines\``);
}

/** Chromium writes a picture fast; what is kept is written small, in 32 steps of each colour, which no comparison sees. */
function written(picture) {
  const { width, height } = picture;
  const data = picture.data.map((value) => Math.min(255, (value + 4) & ~7));
  const small = Object.assign(new PNG({ width, height }), { data: Buffer.from(data) });
  return PNG.sync.write(small, { colorType: 2, deflateLevel: 9, deflateStrategy: 0, filterType: 0 });
}

function differs(before, now) {
  const { width, height } = before;
  if (width !== now.width || height !== now.height) return `is ${now.width}x${now.height}, not ${width}x${height}`;
  const different = pixelmatch(before.data, now.data, undefined, width, height, { threshold: SAME_COLOUR });
  return different > width * height * SAME_PICTURE ? `looks otherwise at ${different} pixels` : "";
}

/** Whether this machine draws as the one did that made the baselines. */
function comparable(version) {
  const file = join(BASELINES, "made-with.json");
  const fonts = ["system-ui", "sans-serif", "monospace"].map((one) => execFileSync("fc-match", [one], { encoding: "utf8" }).trim());
  const here = JSON.stringify({ chromium: version, fonts }, null, 2) + "\n";
  if (update && !wanted.length) {
    mkdirSync(BASELINES, { recursive: true });
    writeFileSync(file, here);
    return true;
  }
  const made = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (made === here) return true;
  console.error(`Pictures are not compared: the baselines were made with\n${made}and this is\n${here}`);
  return false;
}

/** A baseline that no story has any more. */
function stale(shown) {
  for (const name of readdirSync(BASELINES).filter((one) => one.endsWith(".png") && !shown.has(one))) {
    if (update) rmSync(join(BASELINES, name));
    else findings.push(`${name}: a baseline without a story`);
  }
}

await main();
