import { Effect, FileSystem } from "effect"
import { choose } from "../../core/checkpoint/index.ts"
import { Outcomes, type Problem } from "../../core/data/index.ts"
import { RunDirectory } from "../../core/run/index.ts"
import type { Task } from "../../core/task/index.ts"
import { judgeOf, loadCritic, writeCritic } from "../train/index.ts"
import { type Check, passed, skipped, type Verdict } from "./Check.ts"
import { memoryForeseen } from "./checks/memory.ts"
import { adapterApplied, headLearns, modelFits, samplerAgrees } from "./checks/models.ts"
import { outcomeContract, type Solved } from "./checks/outcome.ts"
import { bytesText, diskSpace, memoryFits } from "./checks/resources.ts"
import { endSupervised, maskNotEmpty, roundTrip } from "./checks/texts.ts"
import { truncation } from "./checks/truncation.ts"
import type { CriticUpdate } from "./Practice.ts"
import { parameterBytes, type Resources, storedBytes, weightBytes } from "./resources.ts"
import type { Subject } from "./Subject.ts"

/** Texts, and problems, that are tried. */
const TRIED = 200

/** Largest mean difference, in nats a token, from a server that may compute in bfloat16. */
const SERVED = 0.05

const [MODEL, DATA, WEIGHTS, PROGRAMS, MEMORY] = ["model", "data", "weights", "operations", "memory"] as const

/** Prompts and completions as the tokenizer is given them. */
const textsOf = ({ splits, renderPrompt }: Task): ReadonlyArray<string> => {
  const { problems, demonstrations } = splits.train
  return [
    ...problems.slice(0, TRIED).map(renderPrompt),
    ...demonstrations.slice(0, TRIED).map(({ completion }) => completion)
  ]
}

/** The verdict of the run's reward for right answers. */
const correctnessOf = (task: Task) => {
  const judge = judgeOf(task)
  return (problem: Problem, completion: string) =>
    judge({ prompt: [], problem }, task.tokenizer.encode(completion)).find(({ name }) => /correctness/u.test(name))
      ?.outcome ?? Outcomes.skipped("the task has no reward for right answers")
}

const solvedOf = ({ splits }: Task): ReadonlyArray<Solved> =>
  splits.train.demonstrations
    .filter(({ problem }) => problem.finalAnswer !== undefined)
    .slice(0, TRIED)
    .map(({ problem, completion }) => ({ problem, completion }))

/** Writes the critic as a run does, and reads it back. */
const rewritten = Effect.fnUntraced(function* ({ written }: CriticUpdate) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* fs.makeTempDirectoryScoped({ prefix: "rewardflow-doctor-" })
  const directory = yield* RunDirectory.open(path, { config: {} })
  yield* writeCritic(directory, "reward_model", written)
  return yield* loadCritic({ initial: written.critic.params }, { from: path, optimiser: false, continueWarmup: false })
})

const reported = (metrics: Readonly<Record<string, number | null>>): string => {
  const shown = ["loss", "grad_norm"].flatMap((name) =>
    typeof metrics[name] === "number" ? [`${name} ${metrics[name].toPrecision(3)}`] : []
  )
  return shown.join(", ")
}

/** Everything to know of a configuration before it trains, cheap things first. */
export const configuredChecks = (subject: Subject, resources: Resources) => {
  const { recipe, output } = subject
  const texts = (judge: (task: Task) => Verdict) => Effect.map(subject.data, ({ task }) => judge(task))
  const trains = Effect.gen(function* () {
    const { start } = yield* subject.work
    return { policy: parameterBytes(start.params), critic: (yield* subject.critic)?.bytes ?? 0 }
  })
  const setUp = [
    {
      name: MODEL,
      why: "A folder whose files miss or disagree fails hours later, or trains another model.",
      run: Effect.map(subject.found, ({ model }) => modelFits(model))
    },
    {
      name: DATA,
      why: "Data that cannot be read, or leave nothing to learn.",
      needs: [MODEL],
      run: Effect.map(subject.data, ({ task, train, items }) =>
        passed(`${task.name}: ${items.length} prompts, ${train.length} demonstrations`)
      )
    },
    {
      name: "outcome reward",
      why: "A reward that takes wrong answers for right ones, or finds none, trains the policy to exploit it.",
      needs: [DATA],
      run: texts((task) => {
        const verdict = outcomeContract(task.checkAnswer, solvedOf(task))
        return recipe.learning._tag === "Sft" || verdict._tag !== "Passed"
          ? verdict
          : outcomeContract(correctnessOf(task), solvedOf(task))
      })
    },
    {
      name: "truncation",
      why: "Texts that are too long are left out: the run would be about other data than was given.",
      needs: [DATA],
      run: Effect.map(subject.data, ({ report: { tooLong, problems, demonstrations } }) => {
        const { learning } = recipe
        const imitates = learning._tag !== "Grpo" || learning.sft !== undefined
        // What is not learned from may be as long as it is.
        const train = imitates ? tooLong.train : { ...tooLong.train, completions: 0 }
        return truncation({ train }, { problems: problems.train, demonstrations: demonstrations.train })
      })
    },
    {
      name: "mask",
      why: "Where no token of a completion counts, the loss is 0 and nothing is learned.",
      needs: [DATA],
      run: Effect.map(subject.data, ({ train }) =>
        train.length === 0 ? skipped("there are no demonstrations to learn from") : maskNotEmpty(train)
      )
    },
    {
      name: WEIGHTS,
      why: "Weights that do not fit their configuration, or the texts' length.",
      needs: [MODEL, DATA],
      run: Effect.gen(function* () {
        const { model } = yield* subject.found
        if (model !== undefined) yield* choose(model.files, "none")
        const needed = model === undefined ? 0 : weightBytes(model.config)
        const available = yield* resources.memory
        if (needed > available) return memoryFits({ needed, available }, "the weights alone")
        const { start } = yield* subject.work
        return passed(`${Object.keys(start.params).length} tensors, ${bytesText(parameterBytes(start.params))}`)
      })
    },
    {
      name: "reward model",
      why: "A reward model of another tokenizer, or with another head than its folder holds, judges what it cannot read.",
      needs: [WEIGHTS],
      run: Effect.gen(function* () {
        const critic = yield* subject.critic
        return critic === undefined ? skipped("none is learned") : passed(`${critic.name}, ${bytesText(critic.bytes)}`)
      })
    },
    {
      name: "token round trip",
      why: "A tokenizer of another model maps texts to ids that mean something else.",
      needs: [WEIGHTS],
      run: Effect.map(subject.work, ({ start, data }) =>
        roundTrip(start.tokenizer, { texts: textsOf(data.task), rows: start.config.vocab_size })
      )
    },
    {
      name: "end of text",
      why: "A policy that never sees its end token learned never stops.",
      needs: [WEIGHTS],
      run: Effect.map(subject.work, ({ start, data }) =>
        data.train.length === 0
          ? skipped("there are no demonstrations to learn from")
          : endSupervised(data.train, start.stopIds)
      )
    },
    {
      name: "disk space",
      why: "A checkpoint that cannot be written ends the run.",
      needs: [WEIGHTS],
      run: Effect.gen(function* () {
        const { run } = storedBytes(recipe, yield* trains)
        return diskSpace({ needed: run, available: yield* resources.disk(output) }, output)
      })
    },
    {
      name: PROGRAMS,
      why: "An operation without a kernel stops the run at the step that first needs it.",
      needs: [WEIGHTS],
      run: Effect.map(subject.usage, ({ backend }) => passed(`${backend} compiles every program of the run`))
    },
    {
      name: MEMORY,
      why: "A run that outgrows the memory is killed without a word.",
      needs: [PROGRAMS],
      run: Effect.gen(function* () {
        const { checkpoint } = storedBytes(recipe, yield* trains)
        return memoryForeseen(
          yield* subject.usage,
          { resident: yield* resources.resident, memory: yield* resources.memory },
          checkpoint
        )
      })
    }
  ]
  const tried = [
    {
      name: "longest batch",
      why: "The largest step comes late in a run; here it runs first.",
      needs: [MEMORY],
      run: Effect.gen(function* () {
        const { imitate, update } = yield* subject.practice
        const fitted = imitate === undefined ? {} : yield* imitate
        const made = update === undefined ? fitted : yield* update
        return passed(reported(made))
      })
    },
    {
      name: "sampler and trainer",
      why: "A sampler of other weights, or another reading of the prompt, makes every ratio wrong.",
      needs: [MEMORY],
      run: Effect.gen(function* () {
        const { draw } = yield* subject.practice
        if (draw === undefined) return skipped("nothing is sampled")
        const { sampled, own } = yield* draw
        return recipe.server === undefined ? samplerAgrees(sampled, own) : samplerAgrees(sampled, own, SERVED)
      })
    },
    {
      name: "adapter",
      why: "An adapter that is not applied trains, saves and samples the base.",
      needs: [MEMORY],
      run: Effect.gen(function* () {
        const { probe } = yield* subject.practice
        return probe === undefined ? skipped("no adapter is trained") : adapterApplied(yield* probe)
      })
    },
    {
      name: "critic head",
      why: "A head that is frozen or left out of the saved files rewards at random.",
      needs: [MEMORY],
      run: Effect.gen(function* () {
        const { judge } = yield* subject.practice
        if (judge === undefined) return skipped("no reward model is trained")
        const update = yield* judge
        const { params } = yield* rewritten(update)
        const { head: names, trained, before, written } = update
        return headLearns({ names, trained, before, after: written.critic.params, loaded: params })
      })
    }
  ]
  return [...setUp, ...tried] satisfies ReadonlyArray<Check<unknown>>
}
