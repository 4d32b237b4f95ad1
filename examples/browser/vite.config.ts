import { defaultClientConditions, defineConfig, type Plugin } from "vite"

/** Fails the build where anything that the page loads needs Node, in place of putting an empty module there. */
const noNode: Plugin = {
  name: "no-node",
  enforce: "pre",
  resolveId(id, importer) {
    if (id.startsWith("node:")) this.error(`${importer ?? "the page"} imports ${id}, which no page has.`)
  }
}

/** Dawn, which gives Node the WebGPU that a page has by itself: no page ever loads it. */
const external = ["webgpu"]

export default defineConfig({
  root: import.meta.dirname,
  // Relative addresses: the build works in any folder of any server.
  base: "./",
  resolve: { conditions: ["source", ...defaultClientConditions] },
  plugins: [noNode],
  worker: { format: "es", plugins: () => [noNode], rolldownOptions: { external } },
  build: { target: "es2024", chunkSizeWarningLimit: 2500, reportCompressedSize: false, rolldownOptions: { external } }
})
