/**
 * A day's work in Chromium by the keyboard alone: log in, make things, attach five megabytes, check them, be
 * refused another tenant's, live through what happens to the service meanwhile, delete, undo, make a token, log out.
 *
 *     node checks/journey.js < ORDER
 *
 * ORDER's first line is JSON: `address` of the service, `at` where it listens (HOST:PORT) if its name leads elsewhere,
 * `subject` to log in as, `foreign` a path of somebody else's thing, `pictures` a folder. Each step is told as a line of
 * JSON on stdout. At a step with `waiting` it goes on with the next line of stdin. Ends with 1 where a step failed.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { launch } from "./browser.js";

const MOST_TABS = 80;
const SIZE = 5_000_000;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => (await lines.next()).value;
const order = JSON.parse(await next());
const { address, at, subject, foreign, pictures } = order;
mkdirSync(pictures, { recursive: true });

const host = new URL(address).hostname;
const browser = await launch(at ? [`--host-resolver-rules=MAP ${host} ${at}`] : []);
const context = await browser.newContext({
  viewport: { width: 1280, height: 900 },
  locale: "en-GB",
  ignoreHTTPSErrors: true, // of a front that a rehearsal made for this run
});
const page = await context.newPage();
page.setDefaultTimeout(20_000);
const refused = [];
page.on("console", (message) => /Content Security Policy|Refused to/.test(message.text()) && refused.push(message.text()));
page.on("pageerror", (error) => refused.push(String(error)));

/** Press Tab until what is meant has the focus: there is no other way to anything. */
async function reach(selector) {
  await page.waitForSelector(selector, { state: "attached" });
  for (let pressed = 0; pressed < MOST_TABS; pressed++) {
    if (await page.evaluate((wanted) => !!document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${selector} is not reached by Tab`);
}

async function press(selector, key = "Enter") {
  await reach(selector);
  await page.keyboard.press(key);
}

async function write(selector, text) {
  await reach(selector);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

const shown = (text, selector = "main") =>
  page.waitForFunction(([wanted, where]) => document.querySelector(where)?.innerText.includes(wanted), [text, selector]);

let drawn = 0;
async function step(name, work, waiting = false) {
  const began = performance.now();
  const detail = (await work()) ?? "";
  if (refused.length) throw new Error(`${name}: ${refused[0]}`);
  const picture = `${String(++drawn).padStart(2, "0")}.png`;
  await page.screenshot({ path: join(pictures, picture) });
  console.log(JSON.stringify({ step: name, detail, picture, seconds: (performance.now() - began) / 1000, waiting }));
  if (waiting) await next();
}

async function logIn() {
  await page.goto(`${address}/?search=anchor`);
  const name = await page.waitForSelector("wb-signed-out a").then((link) => link.innerText());
  await press("wb-signed-out a");
  if (name.includes("mock")) {
    await write("[name=subject]", subject);
    await page.keyboard.press("Enter");
  } else {
    await page.waitForSelector("[name=sub]");
    await write("[name=sub]", subject);
    await page.keyboard.press("Enter");
  }
  await page.waitForSelector(".who");
  if (new URL(page.url()).search !== "?search=anchor") throw new Error(`came back to ${page.url()}`);
  return name;
}

async function make() {
  await press("a[href='/']:not(.brand, .button)");
  await press("a[href='/things/new']");
  await press("wb-thing-form .primary");
  await shown("A thing needs a title.");
  await write("[name=title]", "Two hundred posters");
  await write("[name=body]", "Before Friday.");
  await press("wb-thing-form .primary");
  await shown("Two hundred posters", "h1");
}

/** The browser's way back leads to the form that was left: what is written there now is another thing. */
async function makeAnother() {
  const first = page.url();
  await page.goBack();
  await write("[name=title]", "One poster");
  await press("wb-thing-form .primary");
  await shown("One poster", "h1");
  await page.goto(first);
  await shown("Two hundred posters", "h1");
}

/** However fast somebody clicks, there is one token. */
async function makeToken() {
  await press("a[href='/tokens']");
  await write("wb-tokens [name=name]", "nightly import");
  await press("wb-tokens [name=scope]", "Space");
  await page.evaluate(() => {
    const form = document.querySelector("wb-tokens form");
    form.requestSubmit();
    form.requestSubmit();
  });
  await page.waitForSelector(".made");
  await page.reload();
  await page.waitForSelector(".people li");
  const tokens = await page.locator(".people li").count();
  if (tokens !== 1) throw new Error(`there are ${tokens} tokens`);
}

async function attach() {
  let chooser;
  for (let tries = 0; !chooser && tries < 10; tries++) { // the page may just be moving the focus to its heading
    await reach("wb-attachments input[type=file]");
    const opens = page.waitForEvent("filechooser", { timeout: 3_000 }).catch(() => undefined);
    await page.keyboard.press("Enter");
    chooser = await opens;
  }
  if (!chooser) throw new Error("Enter on the attachments' input lets nobody choose a file");
  const buffer = Buffer.alloc(SIZE, "workbuoy ");
  await chooser.setFiles([{ name: "posters.pdf", mimeType: "application/pdf", buffer }]);
  await page.waitForSelector(".attachments li", { timeout: 60_000 });
}

/** The content comes back from where the store signs an address, across origins. */
async function check() {
  const hosts = new Set();
  page.on("response", (answer) => hosts.add(new URL(answer.url()).host));
  if (await page.evaluate(() => isSecureContext)) {
    await press(".attachments button:not(.danger)");
    await shown("The content is what was uploaded.");
  } else {
    const size = await page.evaluate(async () => {
      const content = await fetch(document.querySelector(".attachments a").href);
      return (await content.arrayBuffer()).byteLength;
    });
    if (size !== SIZE) throw new Error(`${size} bytes came back`);
  }
  return [...hosts].some((one) => one !== new URL(address).host) ? "from the store" : "from the service";
}

async function refuse() {
  const own = page.url();
  await page.goto(address + foreign);
  await shown("There is nothing here");
  return own;
}

async function change() {
  await press("wb-thing > p.row button:not(.danger)");
  await page.waitForFunction(() => document.activeElement?.matches("[name=title]"));
  await write("[name=title]", "Three hundred posters");
  await press("wb-thing-form .primary");
  await shown("Saved.");
  await shown("Three hundred posters", "h1");
}

async function undo() {
  await press("wb-thing > p.row .danger");
  await shown("is being deleted", ".toast");
  await page.keyboard.press("Shift+Tab");
  await press(".toast button");
  await shown("Three hundred posters", "h1");
}

async function remove() {
  await press("wb-thing > p.row .danger");
  await shown("is being deleted", ".toast");
  await shown("is deleted.", ".toast");
  if (await page.locator(".things", { hasText: "Three hundred posters" }).count()) throw new Error("it is still listed");
}

async function logOut() {
  await reach(".top > button");
  await Promise.all([page.waitForEvent("framenavigated"), page.keyboard.press("Enter")]); // here, or to the provider
  await page.goto(address);
  await page.waitForSelector("wb-signed-out");
  const status = await page.evaluate(async () => (await fetch("/api/me")).status);
  if (status !== 401) throw new Error(`/api/me answers ${status}`);
}

let own = "";
try {
  await step("log in, and come back to where one was", logIn);
  await step("make a thing", make);
  await step("go back, and make another", makeAnother);
  await step("attach 5 MB", attach);
  await step("check them", check);
  await step("another tenant's is not there", async () => void (own = await refuse()), true);
  await page.goto(own);
  await step("change it", change);
  await step("delete it, and take that back", undo);
  await step("delete it", remove);
  await step("make a token", makeToken);
  await step("log out", logOut);
} catch (error) {
  await page.screenshot({ path: join(pictures, "failed.png") }).catch(() => undefined);
  console.log(JSON.stringify({ failed: String(error).split("\n")[0] }));
  process.exitCode = 1;
}
await browser.close();
process.stdin.destroy();
