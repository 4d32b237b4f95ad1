import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { softwareVulkan } from "./softwareVulkan.ts"

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url))

/** What a process without any Vulkan driver prints about a backend, and how it ends. */
const withoutDriver = (backend: string): Promise<{ readonly code: number; readonly out: string }> => {
  const { LD_LIBRARY_PATH: _, ...env } = process.env
  const nowhere = { VK_ICD_FILENAMES: "/nowhere.json", VK_DRIVER_FILES: "/nowhere.json" }
  const args = [cli, "conformance", "--backend", backend, "--filter", "feeds: all good", "--json"]
  return new Promise((resolve) =>
    execFile(process.execPath, args, { env: { ...env, ...nowhere } }, (error, out) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out })
    )
  )
}

const absent = process.platform === "linux" ? softwareVulkan() : "drivers are found otherwise on this system"

describe.skipIf(absent !== undefined)(
  `Node without a WebGPU adapter${absent === undefined ? "" : ` (${absent})`}`,
  () => {
    it.concurrent.each([
      ["onnx-webgpu", /VK_DRIVER_FILES=\/nowhere\.json.*Install the driver/],
      ["tfjs-webgpu", /no WebGPU adapter.*Tfjs\.wasm/]
    ] as const)("error: %s says what it looked for and what to do, and its process lives on", async (backend, message) => {
      const { code, out } = await withoutDriver(backend)
      expect(JSON.parse(out)).toMatchObject([{ backend, absent: expect.stringMatching(message), broken: [] }])
      expect(code).toBe(1)
    })
  }
)
