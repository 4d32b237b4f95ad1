import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { expect } from "vitest"
import { axeFaults } from "./axe.ts"
import { faintTexts } from "./contrast.ts"
import { findChromium } from "./findChromium.ts"
import { launch, type Visit, visit } from "./openPage.ts"
import { buildExample, serveFolder } from "./site.ts"

const found = findChromium()

/** Why the example cannot be seen in a browser here; empty where it can. */
export const noBrowser: string = "reason" in found ? found.reason : ""

/** The example, built with lessons that are soon over, and a browser to look at it. */
export interface Example {
  readonly visit: () => Promise<Visit>
  /** Closes every page: what one has begun it would go on with. */
  readonly leave: () => Promise<unknown>
  readonly close: () => Promise<void>
}

/** Builds and serves the example. @param args of the browser */
export const openExample = async (args: ReadonlyArray<string> = []): Promise<Example> => {
  const folder = await mkdtemp(join(tmpdir(), "rewardflow-page-"))
  const path = "path" in found ? found.path : ""
  const [browser]: [Browser, unknown] = await Promise.all([launch(path, args), buildExample(folder)])
  const site = await serveFolder(folder)
  return {
    visit: async () => {
      const seen = await visit(browser, site.url)
      // Other tests may hold the processor's cores, and shaders in software take them all.
      seen.page.setDefaultTimeout(200_000)
      return seen
    },
    leave: () => Promise.all(browser.contexts().map((context) => context.close())),
    close: async () => {
      await browser.close()
      site.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** Waits until the page says how training stands. */
export const said = (page: Page, text: string) => page.locator("#status").filter({ hasText: text }).waitFor()

/**
 * Holds the page as it stands to what everyone can read and use, in light and dark, on wide screens and narrow ones. Where
 * `SCREENSHOTS` names a folder, pictures are kept there.
 */
export const looksWell = async (page: Page, name: string): Promise<void> => {
  const kept = process.env["SCREENSHOTS"]
  for (const colorScheme of ["light", "dark"] as const)
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      expect(await faintTexts(page), `${colorScheme}, ${width} px`).toEqual([])
      expect(await page.evaluate("document.documentElement.scrollWidth"), `${width} px`).toBeLessThanOrEqual(width)
      if (kept !== undefined)
        await page.screenshot({ path: join(kept, `${name}-${colorScheme}-${width}.png`), fullPage: true })
    }
  expect(await axeFaults(page)).toEqual([])
}
