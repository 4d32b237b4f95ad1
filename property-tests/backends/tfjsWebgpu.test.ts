import { it } from "vitest"
import { Tfjs } from "../../src/backends/tfjs/index.ts"
import type { Area } from "../../src/core/laws/index.ts"
import { conformance } from "./conformance.ts"
import { softwareVulkan } from "./softwareVulkan.ts"

const areas: ReadonlyArray<Area> = ["operations", "programs", "memory", "errors"]

const absent = softwareVulkan()

if (absent === undefined) conformance("tfjs-webgpu", Tfjs.webgpu, "shader", {}, areas)
else it.skip(`backend: tfjs-webgpu (${absent})`, () => undefined)
