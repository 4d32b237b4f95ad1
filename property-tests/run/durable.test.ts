import { readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Cause, Effect, Exit, type FileSystem, Stream } from "effect"
import { describe, expect, it } from "vitest"
import {
  Durable,
  Interrupted,
  RunDirectory,
  type Stage,
  StopSignal,
  StopSignals,
  type TrainEvent,
  UnfitJson,
  WriteFailed
} from "../../src/core/run/index.ts"
import { NonFinite } from "../../src/core/service/index.ts"
import { inFolder } from "./runs.ts"
import { toyStage } from "./toyStage.ts"

const steps = 10
const toy = (onStep?: (index: number) => Effect.Effect<void>) =>
  toyStage({ name: "toy", steps, checkpointEvery: 2, seed: 3, ...(onStep === undefined ? {} : { onStep }) })

const session = async <E>(
  folder: string,
  stage: Stage<E, never>,
  options: Durable.DurableOptions & { readonly control?: StopSignals.StopControl } = {}
) => {
  const events: Array<TrainEvent> = []
  const program = Effect.gen(function* () {
    const directory = yield* RunDirectory.open(folder, { config: { seed: 3 }, resume: true })
    yield* Durable.run(stage, directory, options).pipe(
      Stream.runForEach((event) => Effect.sync(() => void events.push(event)))
    )
  })
  const signal = (options.control ?? StopSignals.make()).signal
  const provided: Effect.Effect<void, unknown, FileSystem.FileSystem> = Effect.provideService(
    program,
    StopSignal,
    signal
  )
  const exit = await Effect.runPromiseExit(Effect.provide(provided, NodeFileSystem.layer))
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  return { events, error, tags: events.map(({ _tag, step }) => `${_tag}${step}`).join(" ") }
}

const weightsOf = async (stage: ReturnType<typeof toy>): Promise<ReadonlyArray<number>> =>
  inFolder(async (folder) => {
    await session(folder, stage)
    return [...stage.weights()]
  })

const model = (folder: string, step: number): string => `${folder}/toy/checkpoint-${step}/model.safetensors`

describe("run", () => {
  it("golden: the events of a run, and what it keeps", () =>
    inFolder(async (folder) => {
      const { tags, error } = await session(folder, toy())
      expect(error).toBeUndefined()
      expect(tags).toBe(
        "StageStarted0 Step1 Step2 Checkpointed2 Step3 Step4 Checkpointed4 Step5 Step6 Checkpointed6 Step7 Step8 " +
          "Checkpointed8 Step9 Step10 Checkpointed10 StageFinished10"
      )
      expect(readdirSync(`${folder}/toy`).sort()).toEqual(["checkpoint-10", "checkpoint-8"])
    }))

  it("law: a finished stage is not run again, and memory holds its end", () =>
    inFolder(async (folder) => {
      const first = toy()
      await session(folder, first)
      const second = toy(() => Effect.die("a step was run"))
      const { events, tags } = await session(folder, second)
      expect(tags).toBe("Resumed10 StageFinished10")
      expect(events.at(-1)).toMatchObject({ skipped: true })
      expect(second.weights()).toEqual(first.weights())
    }))

  it("law: the work goes on only as the stream is pulled", () =>
    inFolder(async (folder) => {
      const ran: Array<number> = []
      const program = Effect.gen(function* () {
        const directory = yield* RunDirectory.open(folder, { config: null })
        const stage = toy((index) => Effect.sync(() => void ran.push(index)))
        yield* Durable.run(stage, directory).pipe(Stream.take(3), Stream.runDrain)
      })
      await Effect.runPromise(Effect.provide(program, NodeFileSystem.layer))
      expect(ran).toEqual([0, 1])
    }))

  it("edge: a stage of no steps is saved and finished", () =>
    inFolder(async (folder) => {
      const stage = toyStage({ name: "toy", steps: 0, checkpointEvery: 2, seed: 3 })
      expect((await session(folder, stage)).tags).toBe("StageStarted0 Checkpointed0 StageFinished0")
      expect((await session(folder, stage)).tags).toBe("Resumed0 StageFinished0")
    }))

  it("golden: keeps the best checkpoint beside the newest two", () =>
    inFolder(async (folder) => {
      const losses = [9, 8, 7, 1, 6, 5, 4, 3, 3, 3]
      const stage: Stage<never, never> = { ...toy(), step: (index) => Effect.succeed({ loss: losses[index]! }) }
      await session(folder, stage, { best: { metric: "loss", mode: "min" } })
      expect(readdirSync(`${folder}/toy`).sort()).toEqual(["checkpoint-10", "checkpoint-4", "checkpoint-8"])
    }))

  it("edge: a metric that is not finite is logged as null, with a warning", () =>
    inFolder(async (folder) => {
      const stage: Stage<never, never> = {
        ...toy(),
        steps: 1,
        step: () => Effect.succeed({ kl: Number.POSITIVE_INFINITY })
      }
      const { events } = await session(folder, stage)
      expect(events.find(({ _tag }) => _tag === "Step")).toMatchObject({ metrics: { kl: null } })
      expect(events.find(({ _tag }) => _tag === "Warning")).toMatchObject({
        message: "Metric kl is Infinity; logged as null."
      })
      expect(readFileSync(`${folder}/metrics.jsonl`, "utf8")).toContain('"kl":null')
    }))

  it("error: a state that JSON would not give back is refused with its place", () =>
    inFolder(async (folder) => {
      const base = toy()
      const save = Effect.map(base.save, (snapshot) => ({ ...snapshot, state: { rates: [0.1, Number.NaN] } }))
      const { error } = await session(folder, { ...base, save })
      expect(error).toBeInstanceOf(UnfitJson)
      expect((error as UnfitJson).message).toContain("Stage toy cannot be saved: state.rates.1 is NaN")
    }))

  it("error: a NaN in a step keeps the last good checkpoint, is told and logged, and the run can go on", () =>
    inFolder(async (folder) => {
      const broken: Stage<NonFinite, never> = {
        ...toy(),
        step: (index) =>
          index === 5 ? Effect.fail(new NonFinite({ output: "loss", value: Number.NaN })) : base.step(index)
      }
      const base = toy()
      const failed = await session(folder, { ...base, step: broken.step })
      expect(failed.error).toBeInstanceOf(NonFinite)
      expect(failed.tags.endsWith("Checkpointed4 Step5 StageFailed5")).toBe(true)
      expect(readFileSync(`${folder}/events.jsonl`, "utf8")).toContain('"error":"NonFinite"')
      const mended = toy()
      expect((await session(folder, mended)).tags.startsWith("Resumed4 Step5 Step6")).toBe(true)
      expect([...mended.weights()]).toEqual(await weightsOf(toy()))
    }))
})

describe("a damaged checkpoint", () => {
  const damage: Record<string, (folder: string) => void> = {
    "a model cut short": (folder) => truncateSync(model(folder, 10), 100),
    "a model with one changed bit": (folder) => {
      const bytes = readFileSync(model(folder, 10))
      bytes[bytes.length - 1]! ^= 1
      writeFileSync(model(folder, 10), bytes)
    },
    "an empty state": (folder) => writeFileSync(`${folder}/toy/checkpoint-10/state.json`, ""),
    "a state with a changed digit": (folder) => {
      const path = `${folder}/toy/checkpoint-10/state.json`
      writeFileSync(path, readFileSync(path, "utf8").replace('"step":10', '"step":11'))
    },
    "a state with a changed number": (folder) => {
      const path = `${folder}/toy/checkpoint-10/state.json`
      const text = readFileSync(path, "utf8")
      const changed = text.replace(/("history":\[0\.00)\d/, (_, head) => `${head}${text.includes(`${head}9`) ? 8 : 9}`)
      if (changed === text) throw new Error("Nothing was changed.")
      writeFileSync(path, changed)
    },
    "another checkpoint under its name": (folder) => {
      for (const file of ["state.json", "model.safetensors"]) {
        writeFileSync(`${folder}/toy/checkpoint-10/${file}`, readFileSync(`${folder}/toy/checkpoint-8/${file}`))
      }
    }
  }
  for (const [what, harm] of Object.entries(damage)) {
    it(`error: ${what} is not used; the one before it is, with a warning`, () =>
      inFolder(async (folder) => {
        await session(folder, toy())
        harm(folder)
        const stage = toy()
        const { tags, events } = await session(folder, stage)
        expect(tags).toBe("Warning8 Resumed8 Step9 Step10 Checkpointed10 StageFinished10")
        expect(events[0]).toMatchObject({ message: expect.stringContaining("checkpoint-10 was not used: ") })
        expect([...stage.weights()]).toEqual(await weightsOf(toy()))
        expect(readdirSync(`${folder}/toy`).sort()).toEqual(["checkpoint-10", "checkpoint-8", "rejected-10"])
      }))
  }

  it("edge: with all checkpoints damaged the stage starts anew, with a warning for each", () =>
    inFolder(async (folder) => {
      await session(folder, toy())
      truncateSync(model(folder, 10), 1)
      truncateSync(model(folder, 8), 1)
      const stage = toy()
      const { tags } = await session(folder, stage)
      expect(tags.startsWith("Warning0 Warning0 StageStarted0 Step1")).toBe(true)
      expect([...stage.weights()]).toEqual(await weightsOf(toy()))
    }))
})

describe("a stop that was asked for", () => {
  it("law: after whichever step it comes, the step is finished and saved, and the run goes on from there", async () => {
    const expected = await weightsOf(toy())
    for (let at = 0; at < steps; at++) {
      await inFolder(async (folder) => {
        const control = StopSignals.make()
        const stopping = toy((index) => Effect.sync(() => (index === at ? control.request("SIGINT") : undefined)))
        const stopped = await session(folder, stopping, { control })
        if (at === steps - 1) return expect(stopped.error).toBeUndefined()
        expect(stopped.error).toBeInstanceOf(Interrupted)
        expect(stopped.error).toMatchObject({ stage: "toy", step: at + 1, steps, signal: "SIGINT" })
        expect(stopped.tags.endsWith(`Checkpointed${at + 1} Stopped${at + 1}`)).toBe(true)
        expect(control.listening()).toBe(false)
        const stage = toy()
        expect((await session(folder, stage)).tags.startsWith(`Resumed${at + 1} Step${at + 2}`)).toBe(true)
        return expect([...stage.weights()]).toEqual(expected)
      })
    }
  })

  it("edge: before the first step nothing is saved, since nothing is lost", () =>
    inFolder(async (folder) => {
      const control = StopSignals.make()
      control.request("SIGTERM")
      const { tags, error } = await session(folder, toy(), { control })
      expect(tags).toBe("StageStarted0 Stopped0")
      expect(error).toMatchObject({ signal: "SIGTERM", step: 0 })
    }))
})

describe("a full disk", () => {
  // Every write to /dev/full fails in the kernel with ENOSPC.
  it.skipIf(process.platform !== "linux")(
    "error: the system's own ENOSPC is a typed error (Linux only: needs /dev/full)",
    () =>
      inFolder(async (folder) => {
        symlinkSync("/dev/full", `${folder}/metrics.jsonl`)
        writeFileSync(`${folder}/config.yaml`, "rewardflow: 1\nconfig:\n  seed: 3\n")
        const { error } = await session(folder, { ...toy(), steps: 1 })
        expect(error).toBeInstanceOf(WriteFailed)
        expect(error).toMatchObject({ code: "ENOSPC" })
      })
  )
})
