import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { expectedLosses, listenTo, loseDevice, standings } from "./exampleWorker.ts"
import { type Example, looksWell, noBrowser, openExample, said } from "./openExample.ts"
import { softwareWebgpu } from "./openPage.ts"
import { lessons } from "./tinyLesson.ts"

/** Holds the example to what it says of an engine on WebGPU, on the software driver of Chromium. */
export const trainsOnWebgpu = (engine: "tfjs-webgpu" | "onnx-web-webgpu"): void => {
  if (noBrowser !== "") it.skip(`examples/browser on ${engine} (${noBrowser})`, () => undefined)

  describe.skipIf(noBrowser !== "")(`examples/browser on ${engine}`, () => {
    let example: Example

    beforeAll(async () => {
      example = await openExample(softwareWebgpu)
    })
    afterAll(() => example.close())

    it("law: it trains with the losses of the reference; a lesson that loses its device goes on in WebAssembly", async ({
      skip
    }) => {
      const { page, faults } = await example.visit()
      const note = page.locator("#webgpu-note")
      await note.filter({ hasNotText: "looking" }).waitFor()
      const adapter = await note.textContent()
      if (adapter?.includes("no adapter")) return skip(`this Chromium has no WebGPU: ${adapter}`)
      expect(adapter).toContain("in software")
      expect(await page.isChecked("input[value=onnx-web-wasm]")).toBe(true)
      const worker = await listenTo(page)
      await page.selectOption("#lesson", "short")
      await page.check(`input[value=${engine}]`)
      await page.click("#train")
      await said(page, "Trained.")
      const expected = await expectedLosses(lessons.short, 1)
      const own = await standings(worker)
      expect(new Set(own.map(({ phase }) => phase))).toEqual(new Set(["imitation", "judging"]))
      expect(own.at(-1)?.made).toBe(expected.size)
      for (const { made, loss } of own)
        expect(Math.abs(loss / expected.get(made)! - 1), `update ${made}`).toBeLessThan(1e-3)
      expect(await page.textContent("#numbers")).toContain(`on ${engine}`)

      await page.selectOption("#lesson", "full")
      await page.click("#train")
      await said(page, "1 of 2")
      // What the model before had judged is forgotten.
      expect(await page.locator(".strip").count()).toBe(0)
      await page.waitForFunction(`/Update ([3-9]|[1-9]\\d)/.test(document.getElementById("numbers").textContent)`)
      await loseDevice(worker)
      const alert = page.getByRole("alert")
      await alert.filter({ hasText: "the graphics device was lost" }).filter({ hasText: "checkpoint" }).waitFor()
      await looksWell(page, `lost-${engine}`)
      const goOn = alert.getByRole("button", { name: "in WebAssembly" })
      const from = Number(/update (\d+)/.exec((await goOn.textContent()) ?? "")?.[1])
      expect(from).toBeGreaterThanOrEqual(lessons.full.saveEvery)
      await worker.evaluate("told.length = 0")
      await goOn.click()
      await said(page, "1 of 2")
      const [next] = await standings(worker)
      expect(next?.made).toBe(from + 1)
      expect(await page.textContent("#numbers")).toContain("on onnx-web-wasm")
      expect(faults).toEqual([])
    }, 600_000)
  })
}
