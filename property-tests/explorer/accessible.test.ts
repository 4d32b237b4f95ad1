import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { axeFaults } from "../browser/axe.ts"
import { faintTexts } from "../browser/contrast.ts"
import { type Explorer, noBrowser, openExplorer } from "./openExplorer.ts"
import { rollout } from "./rollouts.ts"

const words = ["<think>\n", "שלום ", "三加四", " is 7.\n", "long".repeat(200), "\n\n", "7"]
const rows = Array.from({ length: 12 }, (_, i) =>
  rollout({
    prompt_id: `p${Math.floor(i / 4)}`,
    generation_idx: i % 4,
    words: i % 4 === 0 ? words : ["a ", `${i} `, "b.\n", "c"],
    rewards: i === 3 ? [] : (i % 4 === 0 ? words : ["", "", "", ""]).map((_, t) => ((7 * i + 3 * t) % 11) - 5),
    correct: i % 5 === 4 ? undefined : i % 2 === 0,
    source: i % 4 === 1 ? "expert" : "policy"
  })
)

const focused = (page: Page): Promise<string> =>
  page.evaluate(`(() => {
    const { activeElement: at } = document
    const { outlineStyle, outlineWidth } = getComputedStyle(at)
    const name = at.id || at.textContent.trim().slice(0, 20) || at.tagName
    return outlineStyle === "none" || parseFloat(outlineWidth) < 2 ? name + " is focused and does not show it" : name
  })()`)

describe.skipIf(noBrowser !== "")("the explorer, for everyone", () => {
  let explorer: Explorer
  beforeAll(async () => {
    explorer = await openExplorer({ "a.jsonl": rows, "b.jsonl": rows.slice(0, 6) })
  })
  afterAll(() => explorer?.close())

  it.each([
    { colorScheme: "light", width: 1280 },
    { colorScheme: "dark", width: 320 }
  ] as const)("law: $colorScheme, $width px: axe finds nothing, every text has its contrast, nothing overflows", async (look) => {
    const { page, faults } = await explorer.visit(look)
    expect(await axeFaults(page)).toEqual([])
    expect(await faintTexts(page)).toEqual([])
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0)
    expect(faults).toEqual([])
    await page.context().close()
  })

  it("law: Tab reaches every control in the order of the page, and each shows that it has the focus", async () => {
    const { page } = await explorer.visit()
    const passed: Array<string> = []
    for (let i = 0; i < 60 && passed.at(-1) !== "beside"; i++) {
      await page.keyboard.press("Tab")
      passed.push(await focused(page))
    }
    expect(passed.filter((name) => name.includes("does not show"))).toEqual([])
    const order = [
      "Skip to the results",
      "Overview",
      "search",
      "verdict",
      "file",
      "from",
      "to",
      "reset",
      "grid",
      "beside"
    ]
    expect(passed.filter((name) => order.includes(name))).toEqual(order)
    await page.context().close()
  })

  it("law: signs without colour: a verdict has words, a low token a dashed line, the lowest step a name", async () => {
    const { page } = await explorer.visit()
    expect(new Set(await page.locator("#grid .row > :nth-child(2)").allTextContents())).toEqual(
      new Set(["✓ right", "✗ wrong", "? no verdict"])
    )
    const line = (side: string): Promise<string> =>
      page.evaluate(`getComputedStyle(document.querySelector(".t.${side}")).borderBottomStyle`)
    expect([await line("low"), await line("high")]).toEqual(["dashed", "solid"])
    expect(await page.locator(".trace .flag").first().textContent()).toBe("lowest step")
    expect(await page.locator(".trace .ribbon").first().getAttribute("aria-label")).toMatch(/lowest in step \d/)
    await page.context().close()
  })

  it("edge: nothing passes the filters, and a bound that is no number: both are said", async () => {
    const { page } = await explorer.visit()
    await page.fill("#from", "−5,5")
    await page.press("#from", "Enter")
    expect(await page.textContent("#status")).toContain("16 of 18")
    await page.fill("#from", "high")
    await page.press("#from", "Enter")
    expect(await page.textContent("#status")).toContain("“high” is no number")
    expect(await page.getAttribute("#from", "aria-invalid")).toBe("true")
    await page.fill("#from", "99")
    await page.press("#from", "Enter")
    expect(await page.textContent("#grid .nothing")).toContain("No rollout passes")
    expect(await axeFaults(page)).toEqual([])
    await page.context().close()
  })

  it("claim: an address with a rollout opens it", async () => {
    const { page } = await explorer.visit({ rollout: 7 })
    expect(await page.getAttribute("#grid [aria-selected=true]", "id")).toBe("rollout-7")
    await page.keyboard.press("l")
    await page.keyboard.press("ArrowDown")
    await page.waitForFunction("location.hash === '#rollout=8'")
    await page.context().close()
  })
})
