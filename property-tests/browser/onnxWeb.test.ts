import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "vite"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { findChromium } from "./findChromium.ts"
import { launch, softwareWebgpu, visit } from "./openPage.ts"
import { serveFolder } from "./site.ts"

const found = findChromium()
const path = "path" in found ? found.path : ""
if ("reason" in found) it.skip(`ONNX Runtime in a page (${found.reason})`, () => undefined)

/** What the page tells of its backends, in a browser that is started so. */
const told = async (url: string, args: ReadonlyArray<string>): Promise<unknown> => {
  const browser = await launch(path, args)
  try {
    const { page, faults } = await visit(browser, url)
    const tale = await page.evaluate(() => Reflect.get(globalThis, "told") as Promise<unknown>)
    expect(faults).toEqual([])
    return tale
  } finally {
    await browser.close()
  }
}

describe.skipIf(path === "")("ONNX Runtime in a page", () => {
  let folder: string
  let site: Awaited<ReturnType<typeof serveFolder>>

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "onnx-page-"))
    await build({
      configFile: false,
      root: fileURLToPath(new URL("onnx/", import.meta.url)),
      base: "./",
      logLevel: "error",
      build: { outDir: folder, emptyOutDir: true, target: "es2024", reportCompressedSize: false }
    })
    site = await serveFolder(folder)
  })
  afterAll(() => {
    site.close()
    rmSync(folder, { recursive: true })
  })

  const whole = { totals: [3, 6, 9, 12], log: [3, 6, 9, 12] }

  it("law: a step comes to the same in WebAssembly and on WebGPU, and one that loses its device goes on without", async () =>
    expect(await told(site.url, softwareWebgpu)).toMatchObject({
      wasm: whole,
      webgpu: whole,
      lost: { totals: [3, 6], trouble: "Lost" },
      again: { totals: [], trouble: "Lost" },
      resumed: { totals: [9, 12], log: [3, 6, 9, 12] }
    }))

  it("error: a browser without an adapter says so, and WebAssembly works there", async () =>
    expect(await told(site.url, [])).toMatchObject({ wasm: whole, webgpu: { trouble: "NoDevice" } }))
})
