export { difference, type Tolerance } from "../../src/core/laws/backend/index.ts"
