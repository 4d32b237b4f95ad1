import { Data, Effect, type Scope } from "effect"
import { type ModelConfig, parameterSpecs } from "../model/index.ts"
import { paramName } from "../optim/index.ts"
import type { Step } from "../program/index.ts"
import { sha256 } from "../run/index.ts"
import { Backend, type BackendFailure, type BadFeed, type Compile, type Memory } from "../service/index.ts"
import { Tensors } from "../tensor/index.ts"
import { partNames, partsOf, quantise, quantised } from "../transform/index.ts"
import type { Params } from "./Params.ts"

/** A frozen model in a memory that others share: loaded once, written to by nobody. */
export interface SharedBase {
  /** Holds the base, `param/<name>`, and what trains over it, `<scope>param/<name>`. */
  readonly memory: Memory
  /** Compiles a step that reads the base, and whatever else lies in its memory. */
  readonly compile: Compile
  /** SHA-256 of the base's names, shapes and values in single precision, in hex: what trained over it fits nothing else. */
  readonly fingerprint: string
}

/** A base, and the place beside it of what trains over it. */
export interface Over {
  readonly base: SharedBase
  /** A word and a slash, e.g. `policy/`: comes before every name in memory of what trains. One learner has it at a time. */
  readonly scope: string
}

export interface SharedBaseOptions {
  readonly config: ModelConfig
  /** Where the base has been loaded, e.g. by `Checkpoint.loadInto`. */
  readonly memory: Memory
  /**
   * Whether programs read the base where its files lie (`Checkpoint.mapInto`), false by default: its values are then
   * compiled in. A base that was written to memory is better not: each program would hold a copy.
   */
  readonly linked?: boolean
  /**
   * Holds the matrices of its layers in 4 bits, with a scale for each block of so many columns (note 53): in memory they
   * take the place of what was loaded. Otherwise they stay as they are.
   */
  readonly fourBit?: { readonly block: number }
}

/** Blocks of columns that cannot be packed, or that no engine multiplies by. */
export class BadBlock extends Data.TaggedError("BadBlock")<{ readonly block: number }> {
  override get message(): string {
    return `fourBit.block is ${this.block}. Give a multiple of 8; 32 is usual, and powers of 2 from 16 on are fast.`
  }
}

/** A scope that is none, or that somebody has. */
export class BadScope extends Data.TaggedError("BadScope")<{
  readonly scope: string
  readonly reason: string
}> {
  override get message(): string {
    return `Scope "${this.scope}" in a shared memory: ${this.reason}`
  }
}

/** A checkpoint of what was trained over another base, or over none. */
export class OtherBase extends Data.TaggedError("OtherBase")<{
  /** SHA-256 of the base of the checkpoint and of the one here, in hex; absent where there is none. */
  readonly saved: string | undefined
  readonly present: string | undefined
}> {
  override get message(): string {
    const { saved, present } = this
    if (saved === undefined)
      return "The checkpoint holds a whole model, and an adapter trains here. Resume without the adapter."
    const before = `The checkpoint holds what was trained over the base ${saved.slice(0, 12)}…`
    return present === undefined
      ? `${before}, and a whole model trains here. Resume with the adapter and its base.`
      : `${before}, and the base here is ${present.slice(0, 12)}…. Load the base that the run began with, in the same precision.`
  }
}

/**
 * The digest of a line a tensor, sorted by name: name, shape, and digest of the values in single precision, whatever the
 * backend keeps. One tensor is held at a time.
 */
const fingerprintOf = Effect.fnUntraced(function* (memory: Memory, names: ReadonlyArray<string>) {
  let digests = ""
  for (const name of names.toSorted()) {
    const { data, shape } = (yield* memory.read([name]))[name]!
    const { buffer, byteOffset, byteLength } = data instanceof Float64Array ? Float32Array.from(data) : data
    digests += `${name} ${shape.join("x")} ${yield* sha256(new Uint8Array(buffer, byteOffset, byteLength))}\n`
  }
  return yield* sha256(new TextEncoder().encode(digests))
})

/** The matrices of a model's layers: all but the tables of tokens, which are not only multiplied by. */
const layerMatrices = (config: ModelConfig): ReadonlyArray<string> =>
  Object.entries(parameterSpecs(config)).flatMap(([name, { shape }]) =>
    name.startsWith("model.layers.") && shape.length === 2 ? [paramName(name)] : []
  )

/** Puts 4-bit forms into the place of weights in memory, one after another. */
const pack = Effect.fnUntraced(function* (memory: Memory, weights: ReadonlyArray<string>, block: number) {
  if (!Number.isInteger(block) || block < 8 || block % 8 !== 0) return yield* new BadBlock({ block })
  for (const name of weights) {
    const { [name]: weight } = yield* memory.read([name])
    yield* memory.write(partsOf(name, quantise(weight!, block)))
    yield* memory.remove([name])
  }
  return weights.flatMap((name) => Object.values(partNames(name)))
})

/**
 * A base for adapters, verifier heads and their reference, already loaded into memory.
 *
 * @see specs/50-adapters.md, section 5
 */
export const make = ({
  config,
  memory,
  linked = false,
  fourBit
}: SharedBaseOptions): Effect.Effect<SharedBase, BackendFailure | BadFeed | BadBlock, Backend> =>
  Effect.gen(function* () {
    const backend = yield* Backend
    const packed = fourBit === undefined ? [] : layerMatrices(config)
    const parts = fourBit === undefined ? [] : yield* pack(memory, packed, fourBit.block)
    const kept = Object.keys(parameterSpecs(config))
      .map((name) => paramName(name))
      .filter((name) => !packed.includes(name))
    const compiledIn = new Set(linked ? kept : [])
    return {
      memory,
      compile: (step: Step) =>
        Effect.suspend(() => {
          const read = quantised(step, packed, fourBit?.block)
          return backend.compile(read, { memory, freeze: read.resident.filter((name) => compiledIn.has(name)) })
        }),
      fingerprint: yield* fingerprintOf(memory, [...kept, ...parts])
    }
  })

const reserved = ["param/", "optimiser/", "gradient/", "sampling/"]

/** Takes a scope in a memory until the Effect scope closes, which frees all that lies there. */
export const claim = ({
  base: { memory },
  scope
}: Over): Effect.Effect<void, BadScope | BackendFailure | BadFeed, Scope.Scope> =>
  Effect.gen(function* () {
    if (!/^[\w-]+\/$/u.test(scope) || reserved.includes(scope)) {
      const reason = `is none. Take a word and a slash, e.g. "policy/", other than ${reserved.join(", ")}.`
      return yield* new BadScope({ scope, reason })
    }
    const within = Effect.map(memory.names, (names) => names.filter((name) => name.startsWith(scope)))
    if ((yield* within).length > 0) {
      const reason = "is taken by another learner of this memory. Give each a scope of its own."
      return yield* new BadScope({ scope, reason })
    }
    yield* memory.write({ [`${scope}claim`]: Tensors.i32([0], [1]) })
    yield* Effect.addFinalizer(() => within.pipe(Effect.flatMap(memory.remove), Effect.ignore))
  })

const FINGERPRINT = "base/sha256"

/** The fingerprint as a checkpoint holds it: 64 hex digits, as [64] ids of their characters. */
export const stamped = (state: Params, over: Over | undefined): Params =>
  over === undefined
    ? state
    : {
        ...state,
        [FINGERPRINT]: Tensors.i32(
          Int32Array.from(over.base.fingerprint, (c) => c.charCodeAt(0)),
          [64]
        )
      }

/** What a checkpoint holds beside the fingerprint, which must be that of the base here. */
export const unstamped = (
  { [FINGERPRINT]: stamp, ...state }: Params,
  over: Over | undefined
): Effect.Effect<Params, OtherBase> => {
  const saved = stamp === undefined ? undefined : String.fromCharCode(...stamp.data)
  const present = over?.base.fingerprint
  return saved === present ? Effect.succeed(state) : Effect.fail(new OtherBase({ saved, present }))
}
