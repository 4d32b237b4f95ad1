export { keepsOrder } from "./keepsOrder.ts"
export { type Operands, operands } from "./operands.ts"
export { type Lowering, type Plan, type Planned, plan, type Rule, type Rules, type View } from "./plan.ts"
export { withoutEmpties } from "./withoutEmpties.ts"
