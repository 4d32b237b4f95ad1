import { input, type Program, Programs } from "../program/index.ts"
import { type Tensor, Tensors } from "../tensor/index.ts"
import type { Specs, Tree } from "./GradientTransform.ts"

/** Where a parameter lies in memory. */
export const paramName = (name: string, scope = ""): string => `${scope}param/${name}`

/** Where a tensor of the optimiser lies. */
export const stateName = (name: string, scope: string): string => `${scope}optimiser/${name}`

/** Where the gradient of a parameter is summed over micro-batches. */
export const gradientName = (name: string, scope: string): string => `${scope}gradient/${name}`

/** The same record under other names. */
export const mapKeys = <A>(
  record: Readonly<Record<string, A>>,
  at: (name: string) => string
): Readonly<Record<string, A>> => Object.fromEntries(Object.entries(record).map(([name, value]) => [at(name), value]))

/** Parameters under their resident names, for `Memory.write`. */
export const residentParams = (
  params: Readonly<Record<string, Tensor>>,
  scope = ""
): Readonly<Record<string, Tensor>> => mapKeys(params, (name) => paramName(name, scope))

/** An input of each name's type, called as it is in memory. */
export const inputsUnder = (specs: Specs, at: (name: string) => string): Tree =>
  Object.fromEntries(Object.entries(specs).map(([name, s]) => [name, input(at(name), s.shape, s.dtype)]))

/** Zeros of each name's shape. */
export const zeros = (specs: Specs): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, Tensors.full(shape, 0)]))

/** Whether a program reads an input: simplification may leave some unused, which then may not be fed. */
export const readBy = (program: Program): ((name: string) => boolean) => {
  const ins = Programs.inputs(program)
  return (name) => ins[name] !== undefined
}
