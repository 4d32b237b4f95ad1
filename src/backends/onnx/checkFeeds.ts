import { Result } from "effect"
import { BadFeed, type Feeds } from "../../core/service/index.ts"
import { type DType, type Shape, Shapes } from "../../core/tensor/index.ts"

const show = (dtype: DType, shape: Shape): string => `${dtype}${Shapes.print(shape)}`

interface Expected {
  readonly name: string
  readonly dtype: DType
  readonly shape: Shape
}

/** Refuses feeds that are missing, unknown, or of another type than the program takes. */
export const checkFeeds = (expected: ReadonlyArray<Expected>, feeds: Feeds): Result.Result<void, BadFeed> => {
  const refuse = (name: string, reason: string) => Result.fail(new BadFeed({ name, reason }))
  for (const { name, dtype, shape } of expected) {
    const given = feeds[name]
    if (given === undefined) return refuse(name, "is missing.")
    if (given.dtype !== dtype || !Shapes.equal(given.shape, shape)) {
      return refuse(name, `is ${show(given.dtype, given.shape)}, the program takes ${show(dtype, shape)}.`)
    }
    if (given.data.length !== Shapes.size(shape)) {
      return refuse(name, `holds ${given.data.length} elements, its shape says ${Shapes.size(shape)}.`)
    }
  }
  const names = new Set(expected.map((e) => e.name))
  const unknown = Object.keys(feeds).find((name) => !names.has(name))
  return unknown === undefined ? Result.succeed(undefined) : refuse(unknown, "is no input that the caller feeds.")
}
