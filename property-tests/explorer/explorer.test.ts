import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { bundlePage } from "../../scripts/bundle-page.mjs"
import { pageScript } from "../../src/core/explorer/index.ts"
import { type Explorer, noBrowser, openExplorer } from "./openExplorer.ts"
import { rollout } from "./rollouts.ts"

const root = join(import.meta.dirname, "../..")

const hostile = '</script><img src="https://example.invalid/x" onerror="globalThis.stolen=true"> שלום עולם '
const rows = Array.from({ length: 20_000 }, (_, i) =>
  rollout({
    prompt_id: `p${Math.floor(i / 8)}`,
    generation_idx: i % 8,
    words:
      i === 0 ? ["<think>\n", hostile, "\n\n", "long".repeat(3000)] : ["two ", "plus ", `${i}`, " is\n\n", "four "],
    rewards: i === 0 ? [0.5, -2, 1, null] : [0.1, 0.2, ((i * 37) % 100) / 50 - 1, 0.4, 0.5],
    correct: i % 10 === 9 ? undefined : i % 3 === 0,
    answer: `${i}`
  })
)
const expert = rollout({
  prompt_id: "p1",
  generation_idx: 0,
  words: ["two ", "plus ", "two", " is\n\n", "four "],
  rewards: [1, 1, 1, 1, 1],
  correct: true,
  source: "expert"
})

describe("the bundled script", () => {
  it("claim: what is committed is what src/page gives", async () => {
    expect(await bundlePage()).toBe(readFileSync(join(root, "src/core/explorer/pageScript.ts"), "utf8"))
  })

  it("edge: it cannot end its own element", () => expect(pageScript).not.toContain("</"))
})

describe.skipIf(noBrowser !== "")("the explorer in a browser", () => {
  let explorer: Explorer
  let page: Page
  let faults: ReadonlyArray<string> = []

  beforeAll(async () => {
    explorer = await openExplorer({ "rows.jsonl": [...rows, { ...expert, generation_idx: 99 }] })
    const visited = await explorer.visit()
    page = visited.page
    faults = visited.faults
  })
  afterAll(() => explorer?.close())

  const status = () => page.textContent("#status")
  const current = () => page.getAttribute("#grid", "aria-activedescendant")

  it("claim: it says how many there are, and shows the first trace with its rewards", async () => {
    expect(await status()).toContain("20,001 of 20,001 rollouts")
    expect(await page.textContent("#details .trace .facts")).toContain("answered 0")
  })

  it("claim: only the rows in sight are in the document", async () => {
    expect(await page.locator("#grid .row").count()).toBeLessThan(60)
    await page.evaluate("document.querySelector('#grid').scrollTo(0, 1e9)")
    await page.waitForSelector("#rollout-20000")
    expect(await page.locator("#grid .row").count()).toBeLessThan(60)
  })

  it("claim: text within a trace is text: no markup, no script, no request", async () => {
    expect(await page.textContent("#details .tokens >> nth=0")).toContain("<think>")
    expect(await page.locator("#details img").count()).toBe(0)
    expect(await page.evaluate(() => "stolen" in globalThis)).toBe(false)
  })

  it("claim: the keyboard suffices: the next rollout, the last, searching, the list of keys", async () => {
    await page.focus("#grid")
    await page.keyboard.press("Home")
    expect(await current()).toBe("rollout-0")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("j")
    expect(await current()).toBe("rollout-2")
    await page.keyboard.press("End")
    expect(await current()).toBe("rollout-20000")
    await page.keyboard.press("/")
    expect(await page.evaluate("document.activeElement.id")).toBe("search")
    await page.keyboard.type("plus 19999")
    await page.waitForSelector('#status:text("1 of 20,001")')
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    expect(await page.locator("#help[open]").count()).toBe(1)
    await page.keyboard.press("Escape")
    await page.click("#reset")
    expect(await status()).toContain("20,001 of 20,001")
  })

  it("claim: dragging over the histogram keeps the rollouts in that range, and says so in the fields", async () => {
    const box = (await page.locator("#histogram svg").boundingBox())!
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.7, box.y + 20)
    await page.mouse.up()
    const kept = Number((await status())!.split(" ", 1)[0]!.replace(",", ""))
    expect(kept).toBeGreaterThan(0)
    expect(kept).toBeLessThan(20_001)
    expect(await page.inputValue("#from")).not.toBe("")
    await page.click("#reset")
  })

  it("claim: a rollout is read beside its expert, and the token that differs is framed", async () => {
    await page.fill("#search", "Question p1")
    await page.waitForSelector('#status:text("8,889 of 20,001")')
    await page.click("#grid .row >> nth=0")
    await page.waitForSelector('#details .pair.two .trace:nth-child(2) h3:text("expert")')
    expect(await page.locator("#details .pair .trace:nth-child(1) .changed").allTextContents()).toEqual(["8"])
    await page.click("#reset")
  })

  it("claim: sorting says its direction", async () => {
    await page.click('#heads button:text("Score")')
    expect(await page.locator('#heads [aria-sort="descending"]').textContent()).toBe("Score")
  })

  it("claim: it never leaves its file, and nothing goes wrong on the way", () => {
    expect(faults).toEqual([])
  })

  it("claim: only the page's own script may run", () => {
    const hash = createHash("sha256").update(pageScript).digest("base64")
    expect(readFileSync(explorer.file, "utf8")).toContain(`script-src 'sha256-${hash}'`)
  })
})
