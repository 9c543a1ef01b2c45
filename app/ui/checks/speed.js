/**
 * How fast a page is there for a person with a slow machine, and whether a long list holds anything up.
 *
 *     node checks/speed.js ADDRESS COOKIE=VALUE
 *
 * The service at ADDRESS holds the list. One line of JSON on stdout: bytes of a first visit as they come over the line,
 * milliseconds until the first thing can be opened (median of several visits, the processor throttled four times),
 * the longest task in milliseconds while the whole list is loaded and scrolled (0 where none took 50).
 */
import { launch } from "./browser.js";

const [address, cookie] = process.argv.slice(2);
const VISITS = 5;
const SLOWER = 4;
const [name, value] = cookie.split("=");
const browser = await launch();

async function visit(work) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.addCookies([{ name, value, url: address }]);
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  let bytes = 0;
  await wire.send("Network.enable");
  wire.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await wire.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  await page.addInitScript(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: "longtask", buffered: true });
  });
  await page.goto(address);
  await page.waitForSelector(".things a");
  const interactive = await page.evaluate(() => performance.now());
  const found = { interactive, bytes, ...(await work?.(page)) };
  await context.close();
  return found;
}

async function scrollAll(page) {
  for (;;) {
    const more = await page.$("wb-things p > button");
    if (!more) break;
    const before = await page.locator(".things li").count();
    await more.evaluate((button) => button.click());
    await page.waitForFunction((number) => document.querySelectorAll(".things li").length > number, before);
  }
  const number = await page.locator(".things li").count();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.evaluate(() => (window.longest = 0));
  for (let y = 0; y < height; y += 900) {
    await page.mouse.wheel(0, 900);
    await page.waitForTimeout(20);
  }
  await page.waitForTimeout(200);
  return { number, longest: await page.evaluate(() => window.longest) };
}

const visits = [];
for (let number = 0; number < VISITS; number++) visits.push(await visit());
const { number, longest } = await visit(scrollAll);
const interactive = visits.map((one) => one.interactive).sort((a, b) => a - b)[Math.floor(VISITS / 2)];
console.log(JSON.stringify({ bytes: visits[0].bytes, interactive: Math.round(interactive), number, longest: Math.round(longest) }));
await browser.close();
