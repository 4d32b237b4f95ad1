import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type BackendsPage, noBrowser, servePage } from "./backendsPage.ts"
import { softwareWebgpu } from "./openPage.ts"

if (noBrowser !== "") it.skip(`backends in a page (${noBrowser})`, () => undefined)

const engines = ["tfjs-webgpu", "onnx-web-webgpu"] as const

describe.skipIf(noBrowser !== "")("backends in a page", () => {
  let site: Awaited<ReturnType<typeof servePage>>
  let webgpu: BackendsPage
  let plain: BackendsPage

  beforeAll(async () => {
    site = await servePage()
    ;[webgpu, plain] = await Promise.all([site.open(softwareWebgpu), site.open([])])
  })
  afterAll(async () => {
    await Promise.all([webgpu.close(), plain.close()])
    site.close()
  })

  it.each(
    engines
  )("error: %s in a browser without an adapter says what it looked for, and what else there is", async (name) =>
    expect(await plain.call("training", name)).toMatchObject({
      ...{ failure: "NoDevice", message: expect.stringContaining("wasm") }
    }))

  it.each(
    engines
  )("error: %s names what is beyond its buffers or its memory before anything runs, and what it has no operation for", async (name) => {
    const { large, written, unknown, full, after, scarce } = await webgpu.call<Record<string, unknown>>(
      "troubles",
      name
    )
    const limit = 2 ** 30
    expect(large).toMatchObject({
      ...{ during: "compile", trouble: { _tag: "TooLarge", bytes: 2 ** 34, limit } },
      message: expect.stringMatching(/smaller/)
    })
    expect(written).toMatchObject({
      during: "write",
      trouble: { _tag: "TooLarge", what: "cache", bytes: 2 ** 37, limit }
    })
    expect(scarce).toMatchObject({ trouble: { _tag: "OutOfMemory", availableBytes: 4096 } })
    expect(
      (scarce as { readonly trouble: { readonly predictedBytes: number } }).trouble.predictedBytes
    ).toBeGreaterThan(20_000)
    expect(unknown).toMatchObject({ tag: "UnsupportedOp", message: expect.stringContaining("Frobnicate") })
    // What only the device knows it says in the run, and the next step runs.
    expect(full).toMatchObject({
      during: "run",
      trouble: { _tag: "OutOfMemory" },
      message: expect.stringMatching(/smaller/)
    })
    expect((full as { readonly trouble: { readonly predictedBytes: number } }).trouble.predictedBytes).toBeCloseTo(
      2 ** 31,
      -3
    )
    expect(after).toBe(6)
  })

  it.each(
    engines
  )("law: on %s a run has the losses of WebAssembly, and one that loses its device in mid-run goes on there", async (name) => {
    interface Told {
      readonly [part: string]: ReadonlyArray<number>
    }
    const { whole: expected } = await plain.call<Told>("training", "onnx-web-wasm")
    const { whole, before, after, log, lost, again } = await webgpu.call<Told>("training", name)
    const near = expected!.map((loss) => expect.closeTo(loss, 5))
    expect(whole).toEqual(near)
    expect([...before!, ...after!]).toEqual(near)
    expect(log).toEqual(near)
    expect(before).toHaveLength(4)
    expect(lost).toMatchObject({
      during: "run",
      trouble: { _tag: "Lost" },
      message: expect.stringContaining("checkpoint")
    })
    // ONNX Runtime has one device a page; TensorFlow.js is given another.
    expect(again).toEqual(name === "tfjs-webgpu" ? near : "Lost")
  })
})
