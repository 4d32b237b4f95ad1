import { createHash } from "node:crypto"
import { createServer, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type LiveRun, livePage, liveParts, liveScript } from "../../src/experiments/report/index.ts"
import { axeFaults } from "../browser/axe.ts"
import { faintTexts } from "../browser/contrast.ts"
import { findChromium } from "../browser/findChromium.ts"
import { launch, visit } from "../browser/openPage.ts"
import { noBrowser } from "./openExplorer.ts"

const stage = (name: string, losses: ReadonlyArray<number>): LiveRun["stages"][number] => ({
  stage: name,
  steps: 10,
  rows: losses.map((loss, i) => ({ step: i + 1, metrics: { loss } })),
  seconds: losses.map(() => 2)
})
const run = (losses: ReadonlyArray<number>): LiveRun => ({
  name: "a run",
  ended: undefined,
  stages: [stage("sft", [3, 2, 1]), stage("next", losses)]
})

/** Serves the page and keeps the streams that it opens. */
const serve = (port: number): Promise<{ server: Server; streams: Array<ServerResponse>; port: number }> =>
  new Promise((ready) => {
    const streams: Array<ServerResponse> = []
    const hash = createHash("sha256").update(liveScript).digest("base64")
    const server = createServer((request, response) => {
      if (request.url !== "/events") {
        response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(livePage(run([2, 1]), hash))
        return
      }
      response.writeHead(200, { "content-type": "text/event-stream" }).write("retry: 100\n\n")
      streams.push(response)
    }).listen(port, "127.0.0.1", () => ready({ server, streams, port: (server.address() as AddressInfo).port }))
  })

const close = (server: Server): Promise<void> =>
  new Promise((closed) => {
    server.close(() => closed())
    server.closeAllConnections()
  })

describe.skipIf(noBrowser !== "")("the live page in a browser", () => {
  let browser: Browser
  beforeAll(async () => {
    const found = findChromium()
    browser = await launch("path" in found ? found.path : "")
  })
  afterAll(() => browser?.close())

  it("claim: a step appears, folds stay as the reader left them, and a server that comes back is found again", async () => {
    const first = await serve(0)
    const { page } = await visit(browser, `http://127.0.0.1:${first.port}/`)
    const tell = async (streams: ReadonlyArray<ServerResponse>, losses: ReadonlyArray<number>) => {
      await expect.poll(() => streams.length, { timeout: 10_000 }).toBeGreaterThan(0)
      for (const stream of streams) stream.write(`data: ${JSON.stringify(liveParts(run(losses)))}\n\n`)
    }
    await tell(first.streams, [2, 1])
    await page.locator("summary", { hasText: /^sft$/ }).click()
    await page.locator("summary", { hasText: /^next$/ }).click()
    const open = () => page.locator("#curves > details[open] > summary").allTextContents()
    await expect.poll(open, { timeout: 10_000 }).toEqual(["sft"])
    await tell(first.streams, [2, 1, 0.5])
    await page.waitForSelector('#progress td:text("loss 0.500")')
    expect(await open()).toEqual(["sft"])
    expect(await page.getAttribute('progress[aria-label="next"]', "value")).toBe("3")
    await close(first.server)
    await page.waitForSelector('#state:text("does not answer")')
    const second = await serve(first.port)
    await tell(second.streams, [2, 1, 0.5])
    await page.waitForSelector('#state:text("Running")')
    await page.context().close()
    await close(second.server)
  })

  it("law: dark and narrow, axe finds nothing, every text has its contrast, nothing overflows", async () => {
    const { server, port } = await serve(0)
    const { page } = await visit(browser, `http://127.0.0.1:${port}/`, { colorScheme: "dark", width: 320 })
    expect(await axeFaults(page)).toEqual([])
    expect(await faintTexts(page)).toEqual([])
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0)
    await page.context().close()
    await close(server)
  })
})
