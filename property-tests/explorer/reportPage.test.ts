import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { renderReport } from "../../src/core/figure/report/index.ts"
import { axeFaults } from "../browser/axe.ts"
import { faintTexts } from "../browser/contrast.ts"
import { findChromium } from "../browser/findChromium.ts"
import { launch, visit } from "../browser/openPage.ts"
import { reportData } from "../figure/reportData.ts"
import { noBrowser } from "./openExplorer.ts"

describe.skipIf(noBrowser !== "")("the report of a run in a browser", () => {
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    const found = findChromium()
    browser = await launch("path" in found ? found.path : "")
    folder = await mkdtemp(join(tmpdir(), "report-"))
    await writeFile(join(folder, "report.html"), renderReport(reportData, { rollouts: "explorer.html" }))
  })
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const open = (look: Parameters<typeof visit>[2]) =>
    visit(browser, pathToFileURL(join(folder, "report.html")).href, look)

  it("law: axe finds nothing, nothing goes wrong, and every rollout is a link away", async () => {
    const { page, faults } = await open({})
    expect(await axeFaults(page)).toEqual([])
    expect(await page.locator('nav a[href="explorer.html"]').count()).toBe(1)
    expect(faults).toEqual([])
  })

  it("law: light and wide, dark and narrow: every text has its contrast, nothing overflows", async () => {
    for (const look of [{}, { colorScheme: "dark", width: 320 }] as const) {
      const { page } = await open(look)
      expect(await faintTexts(page)).toEqual([])
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0)
    }
  })
})
