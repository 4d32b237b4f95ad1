import { it } from "vitest"
import { Tfjs } from "../../src/backends/tfjs/index.ts"
import { conformance } from "./conformance.ts"
import { softwareVulkan } from "./softwareVulkan.ts"

const absent = softwareVulkan()
const inGroups = Tfjs.webgpuWith({ writtenFor: "hardware" })

if (absent === undefined) conformance("tfjs-webgpu in groups", inGroups, "shader", {}, ["operations"])
else it.skip(`backend: tfjs-webgpu in groups (${absent})`, () => undefined)
