import { writeFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import type { Browser } from "playwright-core"
import { Selectors } from "../../src/core/evaluation/index.ts"
import type { KeyedRow } from "../../src/core/result/index.ts"
import { writeExplorer } from "../../src/experiments/report/index.ts"
import { findChromium } from "../browser/findChromium.ts"
import { launch, type Visit, visit } from "../browser/openPage.ts"

const found = findChromium()

/** Why no page can be opened here; empty where one can. */
export const noBrowser: string = "reason" in found ? found.reason : ""
if (noBrowser !== "") process.stderr.write(`Skipped: the explorer in a browser: ${noBrowser}.\n`)

/** Rollouts as a page on the disk, and a browser to look at it. */
export interface Explorer {
  readonly file: string
  readonly visit: (options?: Parameters<typeof visit>[2] & { readonly rollout?: number }) => Promise<Visit>
  readonly close: () => Promise<void>
}

/** Writes the page as `rewardflow report` does. */
export const openExplorer = async (files: Readonly<Record<string, ReadonlyArray<KeyedRow>>>): Promise<Explorer> => {
  const folder = await mkdtemp(join(tmpdir(), "explorer-"))
  const file = join(folder, "page.html")
  const named = Object.entries(files).map(([name, rows]) => {
    const path = join(folder, name)
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""))
    return { name, file: path }
  })
  await Effect.runPromise(
    writeExplorer({ files: named, output: file, selector: Selectors.mean, title: "Rollouts" }).pipe(
      Effect.provide(NodeServices.layer)
    )
  )
  const browser: Browser = await launch("path" in found ? found.path : "")
  return {
    file,
    visit: async ({ rollout, ...options } = {}) => {
      const hash = rollout === undefined ? "" : `#rollout=${rollout}`
      const visited = await visit(browser, `${pathToFileURL(file).href}${hash}`, options)
      await visited.page.waitForSelector("#explorer[data-ready]")
      await visited.page.waitForSelector("#details .trace")
      return visited
    },
    close: async () => {
      await browser.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}
