import type { Tolerance } from "./Tolerance.ts"

/**
 * What the floats of a backend are. `double`: 64 bits. `single`: 32 bits, functions to the last few bits, as on CPUs and
 * in CUDA. `shader`: 32 bits, functions as WGSL promises them, which is less.
 */
export type Precision = "double" | "single" | "shader"

/** What is compared: mostly the laws of an area, by its name. */
type Compared =
  /** Single operations and small programs, with values by somebody else. */
  | "operations"
  /** Operations on long and awkward tensors. */
  | "shapes"
  | "programs"
  | "models"
  | "losses"
  | "optimisers"
  | "sampling"
  | "training"

export type Tolerances = { readonly [C in Compared]: Tolerance }

const double = (reason: string): Tolerance => ({
  relative: 1e-10,
  absolute: 1e-12,
  of: "tensor",
  reason: `Double precision on both sides: ${reason}`
})

/** How far each kind of backend may be from the reference, by area: the one place that says so. */
export const tolerances: { readonly [P in Precision]: Tolerances } = {
  double: {
    operations: {
      relative: 1e-12,
      absolute: 1e-14,
      reason: "Double precision on both sides: they differ in the order of sums only."
    },
    shapes: double("orders of sums, of up to 5000 terms."),
    programs: double("orders of sums, through up to 12 operations."),
    models: double("orders of sums, through a forward and a backward pass."),
    losses: double("orders of sums."),
    optimisers: double("orders of sums, over some updates."),
    sampling: double("orders of sums, in log-probabilities."),
    training: { ...double("orders of sums, over 20 updates."), relative: 1e-6 }
  },
  single: {
    operations: {
      relative: 1e-5,
      absolute: 1e-6,
      reason: "24 bits: sums of tens of terms of size 10 round by about 1e-6 of their magnitude."
    },
    shapes: {
      relative: 1e-5,
      absolute: 1e-6,
      of: "tensor",
      reason: "As above; of a long sum that comes out near 0, the rounding of its terms is left."
    },
    programs: {
      relative: 1e-4,
      absolute: 1e-4,
      of: "tensor",
      reason:
        "Random programs chain up to 12 operations on values up to 100, so that rounding (6e-8) grows a few hundred " +
        "times; a wrong kernel or gradient is wrong by far more."
    },
    models: {
      relative: 1e-4,
      absolute: 1e-6,
      of: "tensor",
      reason: "Two layers forward and back are some 100 operations deep; weights are large, so that mistakes are felt."
    },
    losses: {
      relative: 1e-4,
      absolute: 1e-6,
      of: "tensor",
      reason: "Means of differences: what cancels leaves the rounding of its terms, which are of size 1 to 10."
    },
    optimisers: {
      relative: 1e-4,
      absolute: 1e-6,
      of: "tensor",
      reason:
        "Adam divides by the root of a mean of squares: a small gradient's rounding counts as much as a large one's."
    },
    sampling: {
      relative: 1e-4,
      absolute: 1e-4,
      reason: "Log-probabilities of a token, in nats, each after as many operations as a forward pass has."
    },
    training: {
      relative: 1e-3,
      absolute: 1e-5,
      reason:
        "The promise: losses of each of 20 steps within 1e-3. Rounding acts on the parameters and comes back; policy " +
        "losses are differences around 0, hence an absolute part."
    }
  },
  shader: {
    operations: {
      relative: 5e-5,
      absolute: 5e-5,
      reason:
        "WGSL promises exp to 3 + 2|x| units in the last place, which is 2e-5 at x = 80, and lets sums and products be " +
        "joined. Of sin and cos it promises no more than an absolute 5e-4; drivers do better, and are held to it."
    },
    shapes: {
      relative: 5e-5,
      absolute: 5e-5,
      of: "tensor",
      reason: "As above; of a long sum that comes out near 0, the rounding of its terms is left."
    },
    programs: {
      relative: 1e-3,
      absolute: 1e-3,
      of: "tensor",
      reason: "As `single`, with functions that are right to fewer bits."
    },
    models: {
      relative: 5e-4,
      absolute: 1e-5,
      of: "tensor",
      reason: "As `single`, with functions that are right to fewer bits."
    },
    losses: {
      relative: 5e-4,
      absolute: 1e-5,
      of: "tensor",
      reason: "As `single`, with functions that are right to fewer bits."
    },
    optimisers: {
      relative: 5e-4,
      absolute: 1e-5,
      of: "tensor",
      reason: "As `single`, with functions that are right to fewer bits."
    },
    sampling: {
      relative: 1e-3,
      absolute: 1e-3,
      reason: "As `single`, with functions that are right to fewer bits."
    },
    training: {
      relative: 1e-3,
      absolute: 1e-5,
      reason: "The promise is the same on every backend: losses of each of 20 steps within 1e-3."
    }
  }
}
