import { readFileSync } from "node:fs"
import { Effect, Fiber, Layer, Queue } from "effect"
import { describe, expect, it } from "vitest"
import { suspicion } from "../../examples/browser/learn/Measure.ts"
import { madeUp } from "../../examples/browser/learn/madeUp.ts"
import { lessons } from "../../examples/browser/learn/settings.ts"
import { changedTokens } from "../../examples/browser/page/changedTokens.ts"
import { examples } from "../../examples/browser/page/examples.ts"
import type { Command, Event } from "../../examples/browser/worker/protocol.ts"
import { serve } from "../../examples/browser/worker/serve.ts"
import { Reference } from "../../src/backends/reference/index.ts"
import { Themes } from "../../src/core/figure/index.ts"
import * as Service from "../../src/core/service/index.ts"
import { lessons as tiny } from "./tinyLesson.ts"

const problem = "Ann has 4 apples. finds 3. how many?"
const trace = "<think>\n4 + 3 = 7.\n</think>\n<answer>\n7\n</answer>"
const train: Command = { _tag: "Train", engine: "onnx-web-wasm", lesson: "short", seed: 1 }

/** The reference backend, whose device is lost after so many runs, of any program. */
const fragile = (runs = 11): Layer.Layer<Service.Backend> =>
  Layer.effect(
    Service.Backend,
    Effect.map(Service.Backend, (sound) => {
      let left = runs
      const lost = new Service.BackendFailure({
        ...{ backend: sound.name, during: "run", reason: "The device is gone. The engine said: mapAsync" },
        trouble: { _tag: "Lost" }
      })
      return {
        ...sound,
        compile: (step, options) =>
          Effect.map(sound.compile(step, options), ({ run }) => ({
            run: (feeds, at) => Effect.suspend(() => (left-- > 0 ? run(feeds, at) : Effect.fail(lost)))
          }))
      }
    })
  ).pipe(Layer.provide(Reference.layer))

/** What the worker tells of commands; each is sent once `when` holds of the last event. */
const conversation = (
  script: ReadonlyArray<readonly [send: Command, until: (event: Event) => boolean]>
): Promise<ReadonlyArray<Event>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const inbox = yield* Queue.unbounded<Command>()
      const told = yield* Queue.unbounded<Event>()
      const events: Array<Event> = []
      const worker = yield* Effect.forkChild(
        serve({
          inbox,
          post: (event) => Queue.offerUnsafe(told, event),
          engines: {
            "tfjs-webgpu": fragile(),
            "onnx-web-webgpu": Reference.layer,
            "onnx-web-wasm": Reference.layer
          },
          lessons: tiny
        })
      )
      for (const [send, until] of script) {
        yield* Queue.offer(inbox, send)
        let event: Event
        do {
          event = yield* Queue.take(told)
          events.push(event)
        } while (!until(event))
      }
      yield* Fiber.interrupt(worker)
      return events
    })
  )

const judge = (id: number, ...traces: ReadonlyArray<string>): Command => ({ _tag: "Judge", id, problem, traces })
const answers = (event: Event): boolean => "id" in event
const isFinished = (event: Event): boolean => event._tag === "Standing" && event.state === "finished"

describe("the worker of examples/browser", () => {
  it("trains both phases, looks at held-out traces, and judges tokens by step", async () => {
    const events = await conversation([
      [judge(1, trace), answers],
      [train, isFinished],
      [judge(2, trace, trace.replace("= 7", "= 8")), answers]
    ])
    expect(events[0]).toEqual({ _tag: "Unready", id: 1 })
    expect(events[1]).toEqual({ _tag: "Started", backend: "reference", updates: 8 })
    const last = events.findLast((event) => event._tag === "Standing")!
    expect(last.standing).toMatchObject({ phase: "judging", made: 8, updates: 8, measure: { pairs: 4 } })
    expect(last.standing.curves).toContain("<svg")
    const judged = events.at(-1)!
    if (judged._tag !== "Judged") throw new TypeError(judged._tag)
    const [right, wrong] = judged.traces
    expect(right!.steps.map((step) => step.map(({ text }) => text).join(""))).toEqual([
      "<think>\n4 + 3 = 7.\n",
      "</think>\n<answer>\n7\n</answer><eos>"
    ])
    expect([right!.firstWrongStep, wrong!.firstWrongStep]).toEqual([undefined, 0])
    const rewards = right!.steps.flat().map(({ reward }) => reward)
    expect(right!.total).toBeCloseTo(
      rewards.reduce((sum, x) => sum + x, 0),
      12
    )
    expect([...changedTokens(wrong!, right!)]).toEqual([6])
    // Causal: before the edit both traces have the same rewards, from it on they have not.
    const other = wrong!.steps.flat().map(({ reward }) => reward)
    expect(other.slice(0, 6)).toEqual(rewards.slice(0, 6))
    expect(other[6]).not.toBe(rewards[6])
  })

  it("law: equal seeds give equal lessons, stopped on the way or not", async () => {
    const straight = await conversation([
      [train, isFinished],
      [judge(1, trace), answers]
    ])
    const stopped = await conversation([
      [train, (event) => event._tag === "Started"],
      [{ _tag: "Stop" }, (event) => event._tag === "Standing" && event.state === "stopped"],
      [{ _tag: "Resume" }, isFinished],
      [judge(1, trace), answers]
    ])
    expect(stopped.at(-1)).toEqual(straight.at(-1))
  })

  it("law: a lesson that loses its device goes on elsewhere from its last checkpoint, and comes to the same", async () => {
    const straight = await conversation([
      [train, isFinished],
      [judge(1, trace), answers]
    ])
    const broken = await conversation([
      [{ ...train, engine: "tfjs-webgpu" }, (event) => event._tag === "Failed"],
      [{ _tag: "Continue", engine: "onnx-web-wasm" }, isFinished],
      [judge(1, trace), answers]
    ])
    const failure = broken.find((event) => event._tag === "Failed")!
    expect(failure).toMatchObject({ error: "Lost", checkpoint: 6 })
    expect(broken.at(-1)).toEqual(straight.at(-1))
    const standings = broken.flatMap((event) => (event._tag === "Standing" ? [event.standing.made] : []))
    expect(standings.at(-1)).toBe(8)
  })

  it("error: a trace that cannot be read is said so, and the next one is judged", async () => {
    const events = await conversation([
      [train, isFinished],
      [judge(1, "<think>\nfour\n"), answers],
      [judge(2, `<think>\n${"4 + 3 = 7.\n".repeat(30)}`), answers],
      [judge(3, trace), answers]
    ])
    expect(events.at(-3)).toMatchObject({ _tag: "Unreadable", id: 1, reason: expect.stringContaining("four") })
    expect(events.at(-2)).toMatchObject({ _tag: "Unreadable", id: 2, reason: expect.stringContaining("Shorten") })
    expect(events.at(-1)).toMatchObject({ _tag: "Judged", id: 3 })
  })
})

describe("the page of examples/browser", () => {
  it("golden: each example is what its name says", () => {
    const { task } = madeUp(lessons.short, 1)
    for (const { problem, versions } of examples) {
      const [right, number, answer] = versions.map(({ trace }) => task.checkSteps!({ id: "x", prompt: problem }, trace))
      expect(right!.firstWrongStep).toBeUndefined()
      expect(number!.firstWrongStep).toBeLessThan(3)
      expect(answer!.firstWrongStep).toBe(3)
    }
  })

  it("golden: the first negative token accuses its step, and without one no step stands out", () => {
    const steps = Int32Array.of(0, 0, 1, 1, 2)
    expect(suspicion([1, 2, -1, -3, -4], steps)).toEqual([0, 1, 0])
    expect(suspicion([1, 2, 1, 3, 4], steps)).toEqual([0, 0, 0])
  })

  it("has the colours of the library's figures", () => {
    const style = readFileSync(new URL("../../examples/browser/style.css", import.meta.url), "utf8")
    const [light = "", dark = ""] = style.split("@media (prefers-color-scheme: dark)")
    for (const [palette, rules] of [
      ["light", light],
      ["dark", dark]
    ] as const)
      for (const declaration of Themes.declarations(palette)
        .split("; ")
        .map((one) => one.replace(/;$/, "").trim()))
        expect(rules).toContain(declaration)
  })
})
