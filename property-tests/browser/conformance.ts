import { parseArgs } from "node:util"
import { matrix, type Report } from "../../src/experiments/conformance/index.ts"
import { noBrowser, servePage } from "./backendsPage.ts"
import { softwareWebgpu } from "./openPage.ts"
import { pageBackends } from "./pageBackends.ts"

/*
 * The conformance matrix of WebGPU in headless Chromium, on its software driver, as `rewardflow conformance` prints that of
 * backends in Node:
 *
 *     npm run -s conformance:page -- [--backend NAME] [--filter AREA-OR-TEXT] [--json]
 *
 * It takes some minutes, and exits with 1 where a law is broken or a backend does not start.
 */
const { values } = parseArgs({
  options: { backend: { type: "string" }, filter: { type: "string" }, json: { type: "boolean", default: false } }
})
const chosen = pageBackends.filter(({ name }) => values.backend === undefined || name === values.backend)
if (chosen.length === 0) throw new RangeError(`--backend is one of ${pageBackends.map(({ name }) => name).join(", ")}.`)
if (noBrowser !== "") throw new Error(`Backends cannot be tried in a page here: ${noBrowser}.`)

const site = await servePage()
const reports: Array<Report> = []
for (const claims of chosen) {
  const page = await site.open(softwareWebgpu)
  reports.push(await page.call<Report>("conform", { ...claims, filter: values.filter }))
  await page.close()
}
site.close()
process.stdout.write(`${values.json ? JSON.stringify(reports, null, 2) : matrix(reports)}\n`)
process.exitCode = reports.every(({ absent, broken }) => absent === null && broken.length === 0) ? 0 : 1
