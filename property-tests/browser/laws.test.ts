import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Report } from "../../src/experiments/conformance/index.ts"
import { type BackendsPage, noBrowser, servePage } from "./backendsPage.ts"
import { softwareWebgpu } from "./openPage.ts"
import { pageBackends } from "./pageBackends.ts"

if (noBrowser !== "") it.skip(`laws in a page (${noBrowser})`, () => undefined)

describe.skipIf(noBrowser !== "")("laws in a page", () => {
  let site: Awaited<ReturnType<typeof servePage>>
  let page: BackendsPage

  beforeAll(async () => {
    site = await servePage()
    page = await site.open(softwareWebgpu)
  })
  afterAll(async () => {
    await page.close()
    site.close()
  })

  // The rest is for `npm run conformance:page`: software takes some 50 ms to compile a shader.
  it.each(
    pageBackends.flatMap((claims) => ["memory", "errors"].map((filter) => [claims.name, filter, claims] as const))
  )("law: %s keeps those of %s", async (_, filter, claims) => {
    const { absent, broken, areas } = await page.call<Report>("conform", { ...claims, filter })
    expect({ absent, broken }).toEqual({ absent: null, broken: [] })
    expect(areas).toMatchObject([{ area: filter, deviating: 0, broken: 0 }])
  })
})
