/**
 * Measures `Tfjs.webgpu` against a training step written by hand with tfjs-core, whose gradients come as modules that only a
 * bundler resolves.
 *
 * Run: node bench/tfjs.ts [ROUNDS]
 */
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { build } from "vite"

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
// Beside the packages that stay outside of the bundle.
const outDir = path("../node_modules/.cache/bench-tfjs/")

await build({
  configFile: false,
  logLevel: "error",
  root: path(".."),
  ssr: { noExternal: [/^@tensorflow\//], resolve: { mainFields: ["module", "main"] } },
  build: { ssr: path("tfjsSides.ts"), outDir, emptyOutDir: true }
})
execFileSync(process.execPath, [`${outDir}tfjsSides.js`, ...process.argv.slice(2)], { stdio: "inherit" })
