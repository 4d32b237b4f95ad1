import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { expectedLosses, listenTo, standings } from "./exampleWorker.ts"
import { type Example, looksWell, noBrowser, openExample, said } from "./openExample.ts"
import { lessons } from "./tinyLesson.ts"

if (noBrowser !== "") it.skip(`examples/browser in a browser (${noBrowser})`, () => undefined)

describe.skipIf(noBrowser !== "")("examples/browser", () => {
  let example: Example

  beforeAll(async () => {
    example = await openExample()
  })
  afterEach(() => example.leave())
  afterAll(() => example.close())

  it("trains in WebAssembly by the keyboard alone, with the losses of the reference, and judges each edit", async () => {
    const { page, faults } = await example.visit()
    const worker = await listenTo(page)
    // The page answers while its worker computes: the full lesson goes on for minutes.
    await page.focus("#train")
    await page.keyboard.press("Enter")
    await said(page, "1 of 2")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await said(page, "Stopped.")
    const stopped = await page.textContent("#numbers")
    await page.waitForTimeout(300)
    expect(await page.textContent("#numbers")).toBe(stopped)
    await page.keyboard.press("Space")
    await said(page, "1 of 2")
    await page.waitForFunction(`document.getElementById("numbers").textContent !== ${JSON.stringify(stopped)}`)

    // Another lesson begins anew.
    await page.selectOption("#lesson", "short")
    await worker.evaluate("told.length = 0")
    await page.focus("#train")
    await page.keyboard.press("Enter")
    await said(page, "Trained.")
    const expected = await expectedLosses(lessons.short, 1)
    const own = (await standings(worker)).filter(({ updates }) => updates === expected.size)
    expect(own.at(-1)).toMatchObject({ made: expected.size, phase: "judging", measure: { pairs: 4 } })
    for (const { made, loss } of own) expect(loss / expected.get(made)!, `update ${made}`).toBeCloseTo(1, 4)
    await page.locator(".strip").first().waitFor()
    expect(await page.locator("#curves svg").count()).toBe(2)
    await looksWell(page, "trained")

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
  })

  it("error: without an adapter it says so in words, and offers WebAssembly", async () => {
    const { page, faults } = await example.visit()
    await page.locator("#webgpu-note", { hasText: "no adapter on this machine" }).waitFor()
    await page.selectOption("#lesson", "short")
    for (const engine of ["tfjs-webgpu", "onnx-web-webgpu"]) {
      const choice = `input[value=${engine}]`
      expect(await page.isEnabled(choice)).toBe(false)
      // The adapter may go between the look and the training.
      await page.evaluate(`document.querySelector("${choice}").disabled = false`)
      await page.check(choice)
      await page.click("#train")
      const alert = page.getByRole("alert")
      await alert.filter({ hasText: engine }).filter({ hasText: "adapter" }).waitFor()
      await alert.getByRole("button", { name: "Train in WebAssembly" }).click()
      await said(page, "Trained.")
      expect(await page.isVisible("#failure")).toBe(false)
      expect(await page.isChecked("input[value=onnx-web-wasm]")).toBe(true)
    }
    expect(faults).toEqual([])
  })

  it("error: a request that leaves the site is refused and found", async () => {
    const { page, faults } = await example.visit()
    await page.evaluate("fetch('https://example.com/').catch(() => {})")
    expect(faults).toContain("asked for https://example.com/")
  })
})
