import { it } from "vitest"
import { Tfjs } from "../../src/backends/tfjs/index.ts"
import { conformance } from "./conformance.ts"
import { softwareVulkan } from "./softwareVulkan.ts"

const absent = softwareVulkan()

if (absent === undefined) conformance("tfjs-webgpu", Tfjs.webgpu, "shader", {}, ["operations", "memory", "errors"])
else it.skip(`backend: tfjs-webgpu (${absent})`, () => undefined)
