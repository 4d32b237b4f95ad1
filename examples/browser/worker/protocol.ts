import type { JudgedTrace } from "../learn/JudgedTrace.ts"
import type { Measure } from "../learn/Measure.ts"
import type { LessonName } from "../learn/settings.ts"
import type { EngineName } from "./engines.ts"

/** What the page asks of its worker. */
export type Command =
  /** Begins anew; whatever was learned before is forgotten. */
  | { readonly _tag: "Train"; readonly engine: EngineName; readonly lesson: LessonName; readonly seed: number }
  /** Goes on from the last checkpoint, on whatever engine. */
  | { readonly _tag: "Continue"; readonly engine: EngineName }
  | { readonly _tag: "Stop" }
  | { readonly _tag: "Resume" }
  /** Token rewards of traces of one problem, by the model as it is now. */
  | { readonly _tag: "Judge"; readonly id: number; readonly problem: string; readonly traces: ReadonlyArray<string> }

/** Where training stands. */
export interface Standing {
  readonly phase: "imitation" | "judging"
  /** Updates made, of both phases, and of how many. */
  readonly made: number
  readonly updates: number
  /** Mean over the last updates of the phase. */
  readonly loss: number
  readonly updatesPerSecond: number
  readonly measure: Measure | undefined
  /** The learning curves so far, as SVG that follows the page's colours. */
  readonly curves: string
}

/** What the worker tells. */
export type Event =
  | { readonly _tag: "Started"; readonly backend: string; readonly updates: number }
  | { readonly _tag: "Standing"; readonly standing: Standing; readonly state: "running" | "stopped" | "finished" }
  | { readonly _tag: "Judged"; readonly id: number; readonly traces: ReadonlyArray<JudgedTrace> }
  /** Nothing to judge with yet. */
  | { readonly _tag: "Unready"; readonly id: number }
  /** A trace that cannot be read; the model is as it was. */
  | { readonly _tag: "Unreadable"; readonly id: number; readonly reason: string }
  /** Training cannot go on. `error` is the tag of the library's error, or that of the device's trouble where it has one. */
  | {
      readonly _tag: "Failed"
      readonly error: string
      readonly reason: string
      /** Updates made at the last checkpoint, if there is one to go on from. */
      readonly checkpoint: number | undefined
    }
