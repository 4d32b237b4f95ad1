import { Context, type Effect, type Scope } from "effect"
import type { Step } from "../program/index.ts"
import type { Tensor } from "../tensor/index.ts"
import type { BackendFailure, BadFeed, RunError, UnsupportedOp } from "./errors.ts"
import type { Links } from "./Linked.ts"

/** Feeds by name. */
export type Feeds = Readonly<Record<string, Tensor>>

/**
 * Named tensors that stay where the backend keeps them: parameters, optimiser moments, caches.
 * Every program compiled against one memory sees the same tensors.
 */
export interface Memory {
  /** Creates or replaces tensors. */
  readonly write: (tensors: Feeds) => Effect.Effect<void, BackendFailure | BadFeed>
  /**
   * Creates or replaces tensors by what lies in files, which is not read until it has to be: a backend may let its engine
   * read frozen ones where they lie. Files must stay as they are: every use checks them, and fails with `BadFeed` where
   * one has changed.
   */
  readonly link: (links: Links) => Effect.Effect<void, BackendFailure | BadFeed>
  /** Copies of tensors, by name. Fails with `BadFeed` for an unknown name. */
  readonly read: (names: ReadonlyArray<string>) => Effect.Effect<Feeds, BackendFailure | BadFeed>
  /** Frees tensors; unknown names are ignored. */
  readonly remove: (names: ReadonlyArray<string>) => Effect.Effect<void, BackendFailure>
  /** The names held now, sorted. */
  readonly names: Effect.Effect<ReadonlyArray<string>, BackendFailure>
}

export interface RunOptions {
  /** Row at which `Append` carries are written, 0 by default. */
  readonly at?: number
}

/**
 * A compiled step. What it holds beside its memory, until it is released: frozen tensors that its engine has copied, the
 * intermediate results of its first run (`peakLiveBytes` of the cost report), and for a run its feeds and results; see
 * specs/53-memory.md, section 3. Runs of one executable, and of all that share a memory, happen one after another. */
export interface Executable {
  /**
   * Feeds every input that is not resident, returns every output that is not carried.
   * Float outputs of `reference` are `Float64Array`, of the others `Float32Array`.
   */
  readonly run: (feeds: Feeds, options?: RunOptions) => Effect.Effect<Feeds, RunError>
}

export interface CompileOptions {
  /** Where resident inputs live; needed when the step has any. */
  readonly memory?: Memory
  /**
   * Resident inputs whose present value is compiled in: faster for models that no longer change, and the way to read
   * linked tensors from their file. The executable keeps that value even when memory changes.
   */
  readonly freeze?: ReadonlyArray<string>
}

/**
 * A compute backend: compiles programs and keeps memory. Provided as a Layer; nothing else in the
 * library knows a vendor.
 */
export class Backend extends Context.Service<
  Backend,
  {
    /** As shown to people: `reference`, `onnx-cpu`, ... */
    readonly name: string
    /** A new, empty memory, freed with the scope. */
    readonly memory: Effect.Effect<Memory, BackendFailure, Scope.Scope>
    /** Compiles a step; the executable is released with the scope. */
    readonly compile: (
      step: Step,
      options?: CompileOptions
    ) => Effect.Effect<Executable, UnsupportedOp | BackendFailure | BadFeed, Scope.Scope>
  }
>()("rewardflow/Backend") {}
