import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { faintTexts } from "./contrast.ts"
import { findChromium } from "./findChromium.ts"
import { launch, softwareWebgpu, visit } from "./openPage.ts"
import { buildExample, serveFolder } from "./site.ts"

const found = findChromium()
const path = "path" in found ? found.path : ""
if ("reason" in found) it.skip(`examples/browser in a browser (${found.reason})`, () => undefined)
it.skip("examples/browser trains on WebGPU (software shaders compile for most of a minute before the first update)", () =>
  undefined)

const numberIn = (text: string | null): number => Number((text ?? "").replace("−", "-"))

/** Rewards in print under tokens of a trace. */
const rewardsOf = async (page: Page, trace: string, tokens = ".token"): Promise<ReadonlyArray<number>> =>
  (await page.locator(`.strip:has(strong:text-is("${trace}")) ${tokens} .value`).allTextContents()).map(numberIn)

/** The place of the edited token in its trace; text, since it runs in the page. */
const placeOfEdit = `[...document.querySelector(".strip").querySelectorAll(".token")].findIndex((one) => one.matches(".changed"))`

const lossOf = async (page: Page): Promise<number> =>
  Number(/loss ([\d.]+)/.exec((await page.textContent("#numbers")) ?? "")?.[1] ?? Number.NaN)

const said = (page: Page, text: string | RegExp, timeout = 100_000) =>
  page.locator("#status").filter({ hasText: text }).waitFor({ timeout })

describe.skipIf("reason" in found)("examples/browser", () => {
  let folder = ""
  let site = { url: "", close: () => {} }
  let browser: Browser | undefined

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "rewardflow-page-"))
    await buildExample(join(folder, "site"))
    site = await serveFolder(join(folder, "site"))
    browser = await launch(path)
  })
  afterAll(async () => {
    await browser?.close()
    site.close()
    const kept = process.env["SCREENSHOTS"]
    if (kept === undefined) await rm(folder, { recursive: true, force: true })
  })

  it("learns in WebAssembly by the keyboard alone: the loss falls, and so does the reward of the token that is wrong", async () => {
    const { page, faults } = await visit(browser!, site.url)
    await page.selectOption("#lesson", "short")
    expect(await page.isEnabled("input[value=webgpu]")).toBe(false)
    await page.focus("#train")
    await page.keyboard.press("Enter")
    await said(page, "1 of 2")
    const first = await lossOf(page)
    expect(first).toBeGreaterThan(2)

    // The page answers while its worker computes.
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await said(page, "Stopped.")
    const stopped = await page.textContent("#numbers")
    await page.waitForTimeout(400)
    expect(await page.textContent("#numbers")).toBe(stopped)
    await page.keyboard.press("Space")

    await said(page, "2 of 2")
    await page.locator(".strip").first().waitFor()
    expect(await page.locator("#curves svg").count()).toBe(2)
    await said(page, "Trained.")
    expect(await lossOf(page)).toBeLessThan(first / 2)
    const tiles = await page.locator("#measures .big").allTextContents()
    expect(Number(tiles[0])).toBeGreaterThan(0.8)

    const [wrong] = await rewardsOf(page, "Your trace", ".token.changed")
    const at = Number(await page.evaluate(placeOfEdit))
    const right = (await rewardsOf(page, "Expert's trace"))[at]!
    expect(wrong).toBeLessThan(right - 0.5)

    for (const colorScheme of ["light", "dark"] as const)
      for (const width of [1280, 390]) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 900 })
        expect(await faintTexts(page), `${colorScheme}, ${width} px`).toEqual([])
        expect(await page.evaluate("document.documentElement.scrollWidth"), `${width} px`).toBeLessThanOrEqual(width)
        const kept = process.env["SCREENSHOTS"]
        if (kept !== undefined)
          await page.screenshot({ path: join(kept, `${colorScheme}-${width}.png`), fullPage: true })
      }

    // Live: each edit is judged as it is typed.
    await page.getByRole("button", { name: "Right", exact: true }).click()
    await page.locator("tbody tr:last-child td:text-is('0.0')").first().waitFor()
    expect(await page.locator(".strip .token.changed").count()).toBe(0)
    await page.fill("#trace", "<think>\n4 times 3 = 12.\n")
    await page.locator("#reading", { hasText: "times" }).waitFor()
    expect(await page.getAttribute("#trace", "aria-invalid")).toBe("true")
    await page.fill("#trace", "<think>\n4 + 3 = 8.\n")
    await page.locator("figure", { hasText: "step 1 is wrong" }).waitFor()
    expect(await page.getAttribute("#trace", "aria-invalid")).toBe("false")
    expect(faults).toEqual([])
    // A quarter of a minute on two free cores; other tests may hold them.
  }, 300_000)

  it("error: without an adapter it says so in words, and offers WebAssembly", async () => {
    const { page, faults } = await visit(browser!, site.url)
    await page.locator("#webgpu-note", { hasText: "no adapter on this machine" }).waitFor()
    // The adapter may go between the look and the training.
    await page.evaluate("document.querySelector('input[value=webgpu]').disabled = false")
    await page.check("input[value=webgpu]")
    await page.click("#train")
    const alert = page.getByRole("alert")
    await alert.filter({ hasText: "no WebGPU adapter" }).waitFor()
    await page.selectOption("#lesson", "short")
    await alert.getByRole("button", { name: "Train in WebAssembly" }).click()
    await said(page, "1 of 2")
    expect(await page.isVisible("#failure")).toBe(false)
    expect(await page.isChecked("input[value=wasm]")).toBe(true)
    expect(faults).toEqual([])
  })

  it("names the adapter that it finds, and says where that is software", async () => {
    const other = await launch(path, softwareWebgpu)
    try {
      const { page, faults } = await visit(other, site.url)
      await page.locator("#webgpu-note", { hasText: "in software" }).waitFor()
      expect(await page.isEnabled("input[value=webgpu]")).toBe(true)
      expect(await page.isChecked("input[value=wasm]")).toBe(true)
      expect(faults).toEqual([])
    } finally {
      await other.close()
    }
  })

  it("error: a request that leaves the site is refused and found", async () => {
    const { page, faults } = await visit(browser!, site.url)
    await page.evaluate("fetch('https://example.com/').catch(() => {})")
    expect(faults).toContain("asked for https://example.com/")
  })
})
