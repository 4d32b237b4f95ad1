import type { Effect, Scope } from "effect"
import type { Step } from "../program/index.ts"
import type { Executable } from "./Backend.ts"
import type { BackendFailure, BadFeed, UnsupportedOp } from "./errors.ts"

/**
 * Compiles a step against a memory that is settled already; the executable is released with the scope. Whoever knows how
 * the parameters in that memory are to be read (an adapter over them, values in files) hands it to those who need not.
 */
export type Compile = (step: Step) => Effect.Effect<Executable, UnsupportedOp | BackendFailure | BadFeed, Scope.Scope>
