import { layer } from "../../src/backends/reference/index.ts"
import { conformance } from "./conformance.ts"

conformance("reference", layer, {
  relative: 1e-12,
  absolute: 1e-14,
  reason: "Both sides compute in double precision and differ in the order of sums only."
})
