import { layer } from "../../src/backends/reference/index.ts"
import * as Laws from "../../src/core/laws/index.ts"
import { conformance } from "./conformance.ts"

// Training against itself says nothing.
const areas = Laws.areas.filter((area) => area !== "training")

conformance("reference", layer, "double", {}, areas)
