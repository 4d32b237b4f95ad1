import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Page } from "playwright-core"
import { build } from "vite"
import { findChromium } from "./findChromium.ts"
import { launch, visit } from "./openPage.ts"
import { serveFolder } from "./site.ts"

const found = findChromium()

/** Why backends cannot be tried in a page here; empty where they can. */
export const noBrowser: string = "reason" in found ? found.reason : ""

/** A page with backends, in a browser of its own. */
export interface BackendsPage {
  /** Calls one of the functions of `backends/page.ts`. */
  readonly call: <A>(name: "training" | "troubles" | "conform", argument: unknown) => Promise<A>
  readonly faults: ReadonlyArray<string>
  readonly close: () => Promise<void>
}

/** Builds the page and serves it, until it is closed. */
export const servePage = async () => {
  const folder = mkdtempSync(join(tmpdir(), "backends-page-"))
  await build({
    configFile: false,
    root: fileURLToPath(new URL("backends/", import.meta.url)),
    base: "./",
    logLevel: "error",
    build: {
      ...{ outDir: folder, emptyOutDir: true, target: "es2024", minify: false, reportCompressedSize: false },
      // Dawn, which no page ever loads.
      rolldownOptions: { external: ["webgpu"] }
    }
  })
  const site = await serveFolder(folder)
  return {
    open: async (args: ReadonlyArray<string>): Promise<BackendsPage> => {
      const browser = await launch("path" in found ? found.path : "", args)
      const { page, faults } = await visit(browser, site.url)
      await page.waitForFunction("'conform' in globalThis")
      return { call: (name, argument) => called(page, name, argument), faults, close: () => browser.close() }
    },
    close: () => {
      site.close()
      rmSync(folder, { recursive: true })
    }
  }
}

const called = <A>(page: Page, name: string, argument: unknown): Promise<A> =>
  page.evaluate(`${name}(${JSON.stringify(argument)})`)
