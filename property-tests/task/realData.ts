import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { it } from "vitest"

const data = process.env["REWARDFLOW_DATA"] ?? resolve(import.meta.dirname, "../../../shared/data")

/** A real file or folder of the data at hand, and the `it` of tests that need it: skipped, with the reason, without it. */
export const realData = (name: string) => {
  const path = join(data, name)
  const there = existsSync(path)
  if (!there) process.stderr.write(`skipped: no data in ${path}; set REWARDFLOW_DATA to a folder with ${name}\n`)
  return { path, test: there ? it : it.skip }
}
