import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Effect, Layer } from "effect"
import { afterAll, describe, expect, it, vi } from "vitest"
import { PackageMissing, Tfjs } from "../../src/backends/tfjs/index.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const folder = mkdtempSync(`${tmpdir()}/tfjs-node-`)
afterAll(() => rmSync(folder, { recursive: true }))

const installed = (name: string): boolean => {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}

const gpu = "@tensorflow/tfjs-node-gpu"
const skipped = installed(gpu)
const because = skipped ? ` (${gpu} is installed)` : ""

/** What a process says in which a package of this source stands for that of the GPU, as far as loading goes. */
const said = async (source: string, script: string): Promise<unknown> => {
  mkdirSync(`${folder}/${gpu}`, { recursive: true })
  writeFileSync(`${folder}/${gpu}/index.js`, source)
  const program = `
    import * as tf from "@tensorflow/tfjs-core"
    import "@tensorflow/tfjs-backend-wasm"
    import { Effect, Layer } from "effect"
    import { Tfjs } from "./src/backends/tfjs/index.ts"
    const refused = (layer) => Effect.runPromise(Effect.scoped(Effect.flip(Layer.build(layer))))
    ${script}
    process.stdout.write(JSON.stringify(told))`
  const env = { ...process.env, NODE_PATH: folder, NODE_OPTIONS: "" }
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { cwd: root, env })
  return JSON.parse((await run).stdout)
}

/** Like the real one, it makes itself the active backend of the global engine. */
const withoutCard = `
  const backend = () => ({ isGPUPackage: true, binding: { isUsingGpuDevice: () => false }, dispose: () => {} })
  globalThis._tfengine.registerBackend("tensorflow", backend, 3)
  globalThis._tfengine.setBackend("tensorflow")`

it("error: a page is told that they are for Node, and what to choose", async () => {
  vi.stubGlobal("process", undefined)
  const error = await Effect.runPromise(Effect.scoped(Effect.flip(Layer.build(Tfjs.node)))).finally(() =>
    vi.unstubAllGlobals()
  )
  expect(error.message).toContain("in Node alone. In a page, choose Tfjs.webgpu or Tfjs.wasm")
})

describe.skipIf(skipped)(`a package of TensorFlow that is not as it should be${because}`, () => {
  it("error: one that is not installed is named with the command that installs it", async () => {
    const error = await Effect.runPromise(Effect.scoped(Effect.flip(Layer.build(Tfjs.nodeGpu))))
    expect(error.trouble).toEqual({ _tag: "NotInstalled", missing: [gpu] })
    expect(error.cause).toBeInstanceOf(PackageMissing)
    expect(error.message).toContain(`npm install ${gpu}`)
  })

  it("error: one whose library cannot be loaded says what is missing, and how it is fetched or built", async () => {
    const source = `throw new Error("libcudart.so.11.0: cannot open shared object file\\nstack")`
    const told = await said(
      source,
      "const { trouble, message } = await refused(Tfjs.nodeGpu)\nconst told = { trouble, message }"
    )
    expect(told).toEqual({
      trouble: { _tag: "NotInstalled", missing: [`the library of ${gpu}`] },
      message:
        `tfjs-node-gpu failed to start: ${gpu} is installed, but its library cannot be loaded: libcudart.so.11.0: ` +
        `cannot open shared object file Fetch or build it: npm rebuild ${gpu} --build-addon-from-source`
    })
  })

  it("error: without a card it says so, and with it loaded the other package is refused", async () => {
    const script = `
      const errors = [await refused(Tfjs.nodeGpu), await refused(Tfjs.node)]
      const told = errors.map(({ cause, trouble }) => [cause._tag, trouble?._tag ?? null])`
    expect(await said(withoutCard, script)).toEqual([
      ["NoCuda", "NoDevice"],
      ["OtherLibrary", null]
    ])
  })

  it("law: the backend that was active, or was being set up, is the active one afterwards", async () => {
    const script = `
      const setting = tf.setBackend("wasm")
      await refused(Tfjs.nodeGpu)
      const told = [await setting, tf.getBackend(), tf.engine().backend === tf.findBackend("wasm")]`
    expect(await said(withoutCard, script)).toEqual([true, "wasm", true])
  })

  it("law: where none was active none is, and the one that would be chosen is that of before", async () => {
    const script = `
      await refused(Tfjs.nodeGpu)
      const told = [tf.getBackend(), await tf.ready(), tf.getBackend()]`
    expect(await said(withoutCard, script)).toEqual([null, null, "wasm"])
  })
})
