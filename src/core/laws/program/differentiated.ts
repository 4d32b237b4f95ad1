import { type Program, Programs, sum } from "../../program/index.ts"
import { grad } from "../../transform/index.ts"
import { floatOutputs } from "./anyProgram.ts"

/** The program with the gradient of the sum of its first float output beside its outputs, by all float inputs. */
export const differentiated = (program: Program): Program => {
  const { nodes, outputs } = Programs.toExprs(program)
  const [first] = floatOutputs(outputs)
  const wrt = nodes.filter((x) => x.op._tag === "Input" && x.dtype === "f32")
  const gradients = first === undefined ? [] : grad(sum(first), wrt)
  return Programs.fromExprs({ ...outputs, ...Object.fromEntries(gradients.map((g, i) => [`gradient${i}`, g])) })
}
