import { Tfjs } from "../../src/backends/tfjs/index.ts"
import type { Area } from "../../src/core/laws/index.ts"
import { conformance } from "./conformance.ts"

const areas: ReadonlyArray<Area> = ["operations", "programs", "memory", "errors"]

conformance("tfjs-cpu", Tfjs.cpu, "single", {}, areas)
conformance("tfjs-wasm", Tfjs.wasm, "single", {}, areas)
