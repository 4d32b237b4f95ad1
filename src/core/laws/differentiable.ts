import { Result } from "effect"
import { evaluate } from "../kernel/index.ts"
import { type Expr, type Program, Programs, reshape } from "../program/index.ts"
import { Tensors } from "../tensor/index.ts"
import { grad } from "../transform/index.ts"

type Numbers = ReadonlyArray<number>

/**
 * A loss as a function of numbers, with its gradient in one of the inputs, in double precision. The program is built
 * when it is first run.
 */
export const differentiable = <const S extends Readonly<Record<string, ReadonlyArray<number>>>>(
  shapes: S,
  wrt: keyof S & string,
  loss: (inputs: { readonly [K in keyof S]: Expr }) => Expr
) => {
  type Values = { readonly [K in keyof S]: Numbers }
  const entries = Object.entries<ReadonlyArray<number>>(shapes)
  const build = () =>
    Result.getOrThrow(
      Programs.build(Object.fromEntries(entries.map(([key, shape]) => [key, Programs.spec(shape)])), (inputs) => {
        const total = loss(inputs as { readonly [K in keyof S]: Expr })
        return { loss: reshape(total, []), gradient: grad(total, [inputs[wrt]!])[0]! }
      })
    )
  let program: Program | undefined
  return (values: Values): { readonly loss: number; readonly gradient: Numbers } => {
    program ??= build()
    const feeds = Object.fromEntries(entries.map(([key, shape]) => [key, Tensors.f64([...values[key]!], shape)]))
    const { loss, gradient } = evaluate(program, feeds)
    return { loss: loss!.data[0]!, gradient: Array.from(gradient!.data) }
  }
}
