import { Shapes } from "../tensor/index.ts"
import { InvalidProgram } from "./errors.ts"
import { inputs, outputSpecs, type Program } from "./Program.ts"

/** What happens to an output that returns to memory. */
export type Carry =
  /** The whole tensor is replaced: parameters, optimiser moments. */
  | { readonly _tag: "Replace"; readonly output: string; readonly into: string }
  /** Rows are written at the run's row position of a larger tensor: key and value caches. */
  | { readonly _tag: "Append"; readonly output: string; readonly into: string }

/**
 * A program with state: `(memory, feeds) -> (memory', results)`.
 *
 * Inputs named in `resident` come from the backend's memory, never from the caller. A resident tensor
 * may have more rows (axis 0) than the input declares: the program sees the first ones.
 * Outputs named in `carry` go back to memory and are not returned. When an output named in `guard` holds
 * a NaN or an infinity, nothing is carried and the run fails with `NonFinite`: memory stays as it was.
 */
export interface Step {
  readonly program: Program
  readonly resident: ReadonlyArray<string>
  readonly carry: ReadonlyArray<Carry>
  readonly guard: ReadonlyArray<string>
}

/** A program without state. */
export const stateless = (program: Program): Step => ({ program, resident: [], carry: [], guard: [] })

/** Each carried output replaces the resident input of the same type. */
export const replace = (output: string, into: string): Carry => ({ _tag: "Replace", output, into })

/** Each carried output's rows extend the resident tensor. */
export const append = (output: string, into: string): Carry => ({ _tag: "Append", output, into })

/** Checks that the state closes. @throws InvalidProgram naming the offending input or output */
export const make = (step: Step): Step => {
  const ins = inputs(step.program)
  const outs = outputSpecs(step.program)
  for (const { _tag, output, into } of step.carry) {
    const from = outs[output]
    const to = ins[into]
    if (from === undefined) throw new InvalidProgram({ reason: `carry names no output "${output}".` })
    if (to === undefined) {
      // An append may extend a cache that this very program does not read (the first call reads no rows).
      if (_tag === "Append") continue
      throw new InvalidProgram({ reason: `carry names no input "${into}".` })
    }
    const sameRows = _tag === "Append" || from.shape[0] === to.shape[0]
    if (from.dtype !== to.dtype || !sameRows || !Shapes.equal(from.shape.slice(1), to.shape.slice(1))) {
      throw new InvalidProgram({
        reason: `output "${output}" is ${from.dtype}${Shapes.print(from.shape)} but goes into "${into}", ${to.dtype}${Shapes.print(to.shape)}.`
      })
    }
  }
  for (const name of step.guard) {
    if (outs[name] === undefined) throw new InvalidProgram({ reason: `guard names no output "${name}".` })
  }
  return step
}
