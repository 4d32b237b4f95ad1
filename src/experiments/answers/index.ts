export { compareFormulas, FormulaEngineMissing, type FormulaOptions, layer as formulas } from "./Formulas.ts"
export { graderOf } from "./graderOf.ts"
