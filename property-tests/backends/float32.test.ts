import { layer } from "../../examples/backend/float32.ts"
import * as Laws from "../../src/core/laws/index.ts"
import { conformance } from "./conformance.ts"

const areas = Laws.areas.filter((area) => area !== "training")

conformance("float32, the example", layer, "single", {}, areas)
