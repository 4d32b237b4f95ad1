import type { InferenceSession } from "onnxruntime-common"
import type { DType, Shape, Tensor } from "../../../core/tensor/index.ts"

/** A program input or output with its type and its name in the ONNX model, empty where the model does without it. */
export interface Port {
  readonly name: string
  readonly value: string
  readonly dtype: DType
  readonly shape: Shape
  /** Where the model takes the tensor's storage as bytes: their shape there. */
  readonly bytes?: Shape
}

/** Tensors of memory that a kernel rewrites in place after a run. */
export interface UpdatePlan {
  /** Position among the kernels of the plan. */
  readonly kernel: number
  /** What fills each slot: a tensor of memory, or a value of the model. */
  readonly slots: ReadonlyArray<{ readonly memory: Port } | { readonly value: string }>
  /** Slots that the kernel reads, and those that it writes. */
  readonly reads: ReadonlyArray<number>
  readonly writes: ReadonlyArray<number>
  /** Values of the model with one element, given to the kernel as numbers. */
  readonly scalars: ReadonlyArray<string>
  /** Elements of each slot. */
  readonly length: number
}

/** What the engine does around one run of a model. */
export interface RunPlan {
  /** Taken from memory. */
  readonly resident: ReadonlyArray<Port>
  /** Taken from memory once, at compilation. */
  readonly frozen: ReadonlyArray<Port>
  /** Sent with each run. */
  readonly fed: ReadonlyArray<Port>
  /** Sent back from each run. */
  readonly returned: ReadonlyArray<Port>
  readonly carry: ReadonlyArray<{ readonly kind: "Replace" | "Append"; readonly output: Port; readonly into: string }>
  readonly guard: ReadonlyArray<Port>
  /** Of what is fed, ids to be held to the rows of their table before a run. */
  readonly ids: ReadonlyArray<{ readonly name: string; readonly rows: number }>
  /** WebAssembly modules, with the number of slots of each. */
  readonly kernels: ReadonlyArray<{ readonly module: Uint8Array<ArrayBuffer>; readonly slots: number }>
  readonly updates: ReadonlyArray<UpdatePlan>
}

/** Where a frozen tensor lies in a file, as 32-bit floats. */
export interface Place {
  readonly path: string
  readonly begin: number
  readonly end: number
}

/** How an engine makes its sessions. */
export interface SessionOptions {
  /** As ONNX Runtime takes them. */
  readonly options: InferenceSession.SessionOptions
  /** The same where frozen tensors are mapped from files. */
  readonly mapping: InferenceSession.SessionOptions
  /** Most bytes of frozen tensors of memory that become part of a model, whose format ends at 2 GiB. */
  readonly inlineBytes: number
}

/** Named tensors in flight; their buffers are transferred. */
export type Tensors = Readonly<Record<string, Tensor>>

/** What the main thread asks. Memories and executables are numbered by the asker. */
export type Request =
  | { readonly _tag: "Write"; readonly memory: number; readonly tensors: Tensors }
  | { readonly _tag: "Read"; readonly memory: number; readonly names: ReadonlyArray<string> }
  | { readonly _tag: "Remove"; readonly memory: number; readonly names: ReadonlyArray<string> }
  | { readonly _tag: "Names"; readonly memory: number }
  | { readonly _tag: "Drop"; readonly memory: number }
  | {
      readonly _tag: "Compile"
      readonly executable: number
      readonly memory: number
      readonly model: Uint8Array<ArrayBuffer>
      readonly plan: RunPlan
      /** Frozen tensors that are not in memory. */
      readonly places: Readonly<Record<string, Place>>
      readonly session: SessionOptions
    }
  | { readonly _tag: "Run"; readonly executable: number; readonly feeds: Tensors; readonly at: number }
  | { readonly _tag: "Release"; readonly executable: number }

/** What each request is answered with. */
export interface Answers {
  readonly Write: null
  readonly Read: Tensors
  readonly Remove: null
  readonly Names: ReadonlyArray<string>
  readonly Drop: null
  readonly Compile: null
  readonly Run: Tensors
  readonly Release: null
}

/** A failure as data, since error classes do not survive the way between threads. */
export type Failure =
  | { readonly _tag: "BadFeed"; readonly name: string; readonly reason: string }
  | { readonly _tag: "NonFinite"; readonly output: string; readonly value: number }
  | { readonly _tag: "EngineError"; readonly reason: string }

export type Answer =
  | { readonly _tag: "Done"; readonly value: Answers[keyof Answers] }
  | { readonly _tag: "Failed"; readonly failure: Failure }

/** The first message of an engine, then one a request, in order. */
export type FromEngine =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Answer"; readonly id: number; readonly answer: Answer }

/** A request, or the wish that the engine end when what it does now is done. */
export type ToEngine =
  | { readonly _tag: "Ask"; readonly id: number; readonly request: Request }
  | { readonly _tag: "Stop" }

/**
 * Two flags that both threads see. A thread must never be stopped inside ONNX Runtime, which would abort the whole
 * process: the engine says when it is busy, the main thread says that nothing more may begin.
 */
export type Flags = Int32Array<SharedArrayBuffer>

export const flag = { busy: 0, stop: 1 } as const
