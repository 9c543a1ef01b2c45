/** Debian's Chromium through playwright-core, and files served on loopback. */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

export const UI = dirname(dirname(fileURLToPath(import.meta.url)));
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml" };

/** The system's Chromium, which asks nobody for anything. Its sandbox needs rights that root in a container lacks. */
export function launch(further = []) {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((one) => existsSync(one));
  if (!executablePath) {
    console.error("no Chromium here: apt-get install chromium");
    process.exit(4);
  }
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const args = [...sandbox, "--disable-gpu", "--font-render-hinting=none", "--force-color-profile=srgb", ...further];
  return chromium.launch({ executablePath, args });
}

export async function serve(folder) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
    const file = join(folder, path === "/" ? "index.html" : path);
    if (!file.startsWith(folder) || !existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" }).end(readFileSync(file));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { address: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
