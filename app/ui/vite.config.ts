import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { defineConfig, type Plugin } from "vite";

const COMPRESSED = /\.(js|css|svg)$/;

/** Every file once more as brotli and gzip make it: the service has no time to, and a build has. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const [name, file] of Object.entries(bundle)) {
          if (!COMPRESSED.test(name)) continue;
          const content = Buffer.from(file.type === "chunk" ? file.code : file.source);
          const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
          this.emitFile({ type: "asset", fileName: `${name}.br`, source: brotliCompressSync(content, { params: quality }) });
          this.emitFile({ type: "asset", fileName: `${name}.gz`, source: gzipSync(content, { level: 9 }) });
        }
      },
    },
  };
}

/** The packages whose code the bundle holds, for the image's bill of materials. */
function listed(): Plugin {
  const inside = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;
  return {
    name: "listed",
    apply: "build",
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
      const packages = [...new Set(modules.flatMap((id) => inside.exec(id)?.[1] ?? []))].sort();
      this.emitFile({ type: "asset", fileName: "packages.json", source: JSON.stringify(packages) });
    },
  };
}

// `make dev` names the service's address; a change must carry that as its origin.
const service = process.env["SERVICE"] ?? "http://localhost:8080";
const proxy = { target: service, headers: { origin: service } };

export default defineConfig({
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the policy lets no data: address in
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  plugins: [
    compressed(),
    listed(),
    {
      name: "login-of-development",
      apply: "serve",
      transformIndexHtml: (page) => page.replace('data-login=""', `data-login="${process.env["LOGIN"] ?? "mock"}"`),
    },
  ],
  server: { strictPort: true, proxy: { "/api": proxy, "/auth": proxy, "/docs": proxy, "/openapi.json": proxy } },
});
