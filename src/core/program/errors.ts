import { Data } from "effect"
import type { DType, Shape } from "../tensor/index.ts"
import { Shapes } from "../tensor/index.ts"

/** What an error says of an operand: enough to find it in the program. */
export interface Operand {
  readonly name: string
  readonly dtype: DType
  readonly shape: Shape
}

const show = (o: Operand): string => `${o.name}: ${o.dtype}${Shapes.print(o.shape)}`

/** Operands whose shapes do not fit the operation. */
export class ShapeMismatch extends Data.TaggedError("ShapeMismatch")<{
  readonly op: string
  readonly operands: ReadonlyArray<Operand>
  readonly rule: string
}> {
  override get message(): string {
    return `${this.op}(${this.operands.map(show).join(", ")}): ${this.rule}`
  }
}

/** Operands whose element types do not fit the operation. */
export class DTypeMismatch extends Data.TaggedError("DTypeMismatch")<{
  readonly op: string
  readonly operands: ReadonlyArray<Operand>
  readonly rule: string
}> {
  override get message(): string {
    return `${this.op}(${this.operands.map(show).join(", ")}): ${this.rule}`
  }
}

/** A program as a whole that cannot be: two inputs of one name, no outputs, a carry that does not close. */
export class InvalidProgram extends Data.TaggedError("InvalidProgram")<{ readonly reason: string }> {
  override get message(): string {
    return `Invalid program: ${this.reason}`
  }
}

/** Everything that building a program can refuse. */
export type BuildError = ShapeMismatch | DTypeMismatch | InvalidProgram
