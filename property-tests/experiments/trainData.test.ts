import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { Outcomes } from "../../src/core/data/index.ts"
import { arithmetic, type Task } from "../../src/core/task/index.ts"
import { type ChatTemplate, ChatTemplates, ThinkAnswer } from "../../src/core/text/index.ts"
import { hubLayer } from "../../src/experiments/data/index.ts"
import { type FolderModel, templates } from "../../src/experiments/models/index.ts"
import { judgeOf, prepareData, recipeOf, templateFit } from "../../src/experiments/train/index.ts"
import { folder } from "./tiny.ts"
import { asked } from "./trainSubject.ts"

const options = await asked("sft", folder())
const recipe = recipeOf(options.jobs[0]!.config)
const { tokenizer } = arithmetic({ seed: recipe.seed, ...recipe.data.size! })
const prepared = (template: ChatTemplate, encode = tokenizer.encode) => {
  // Of a model, its tokenizer alone is looked at.
  const model = { tokenizer: { ...tokenizer, encode } } as FolderModel
  return prepareData(recipe, { template, model }).pipe(
    Effect.provide(hubLayer()),
    Effect.provide(NodeServices.layer),
    Effect.scoped,
    Effect.result,
    Effect.runPromise
  )
}

describe("prepareData", () => {
  it("law: encodes each text once, and leaves no memory of it in the tokenizer", async () => {
    const texts: Array<string> = []
    const encode = (text: string) => {
      texts.push(text)
      return tokenizer.encode(text)
    }
    const data = Result.getOrThrow(await prepared(templates.plain, encode))
    expect(texts.length).toBeGreaterThan(30)
    expect(texts.length).toBe(new Set(texts).size)
    data.task.tokenizer.encode(texts[0]!)
    expect(texts.length).toBe(new Set(texts).size + 1)
  })

  it("error: a template that writes a prompt as nothing would have every token learned", async () => {
    const mute = { name: "mute", endOfTurn: "", render: () => "" }
    const error = Result.getOrThrow(Result.flip(await prepared(mute)))
    expect(error).toMatchObject({ _tag: "ChatRejected", kind: "full", template: "mute" })
  })
})

describe("dataset.grader", () => {
  it("golden: is the check of the run's task and of its outcome rewards, for as long as the run lasts", async () => {
    const place = new URL("../../specs/fixtures/tables/gsm8k", import.meta.url).pathname
    const { size: _, errors: __, ...data } = recipe.data
    const graded: typeof recipe = {
      ...recipe,
      data: { ...data, name: "gsm8k", place, size: null, grader: "formula" },
      limits: { prompt: 2000, completion: 2000 }
    }
    const right = (task: Task) => {
      const problem = { id: "p", prompt: "?", finalAnswer: "4" }
      const completion = ThinkAnswer.render("so", String.raw`\sqrt{16}`)
      const [correctness] = judgeOf(task)({ prompt: [], problem }, task.tokenizer.encode(completion))
      return [Outcomes.isCorrect(task.checkAnswer(problem, completion)), correctness?.outcome]
    }
    const within = await prepareData(graded, { template: templates.plain }).pipe(
      Effect.map(({ task }) => ({ task, found: right(task) })),
      Effect.provide(hubLayer()),
      Effect.provide(NodeServices.layer),
      Effect.scoped,
      Effect.runPromise
    )
    expect(within.found).toEqual([true, { _tag: "Scored", value: 2, reason: "the same formula" }])
    expect(right(within.task)[0]).toBeUndefined()
  }, 30_000)
})

describe("templateFit", () => {
  const deaf: ChatTemplate = {
    ...ChatTemplates.chatMl,
    name: "deaf",
    render: (messages, how) =>
      ChatTemplates.chatMl.render(
        messages.filter(({ role }) => role !== "system"),
        how
      )
  }

  it("error: a template that drops system messages, where the data have some", () => {
    const unfit = templateFit(deaf, { system: true })
    expect(unfit).toMatchObject({ _tag: "UnfitTemplate", system: "dropped" })
    expect("message" in unfit && unfit.message).toContain("Set dataset.no_system=true")
    expect(templateFit(ChatTemplates.chatMl, { system: true })).toMatchObject({ name: "chatml", system: "kept" })
    expect(templateFit(deaf, { system: false })).toMatchObject({ name: "deaf", departures: [] })
  })
})
