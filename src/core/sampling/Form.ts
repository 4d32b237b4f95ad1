import { Result } from "effect"
import { BadSamplingOptions, type SamplingOptions } from "../service/index.ts"

/**
 * What a sampling program is built for. A filter that is off is not in the program, and numbers that may vary
 * from call to call are fed, so that options of one form share their programs.
 */
export interface Form {
  /** Always the most likely token: filters cannot change it and are off. */
  readonly greedy: boolean
  readonly penalised: boolean
  readonly tempered: boolean
  /** 0 keeps all. */
  readonly topK: number
  readonly topP: boolean
  readonly minP: boolean
  /** Ids from here on are never drawn. */
  readonly vocabulary: number
  /** How many of the most likely tokens top-p looks at; the whole vocabulary where it does not apply. */
  readonly window: number
}

/** The plain model: temperature 1 and every filter off, over `maxTokens` tokens. */
export const plain = (maxTokens: number, stopIds: ReadonlyArray<number> = []): SamplingOptions => ({
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  stopIds,
  maxTokens
})

/** The smallest temperature: below it, logits over temperature leave the range of a 32-bit float. */
const coldest = 1e-4

/** The program that these options need, for a model that draws from ids 0..vocabulary-1. */
export const formOf = (options: SamplingOptions, vocabulary: number): Result.Result<Form, BadSamplingOptions> => {
  const { temperature, topP, topK, minP, repetitionPenalty, stopIds, maxTokens } = options
  const bad = (option: keyof SamplingOptions, reason: string) => Result.fail(new BadSamplingOptions({ option, reason }))
  if (!(temperature === 0 || (temperature >= coldest && temperature < Infinity))) {
    return bad("temperature", `${temperature} is neither 0 (greedy) nor a finite number >= ${coldest}.`)
  }
  if (!(topP > 0 && topP <= 1)) return bad("topP", `${topP} is outside (0, 1]; 1 keeps every token.`)
  if (!(Number.isInteger(topK) && topK >= 0)) return bad("topK", `${topK} is no integer >= 0; 0 keeps every token.`)
  if (!(minP >= 0 && minP <= 1)) return bad("minP", `${minP} is outside [0, 1]; 0 keeps every token.`)
  if (!(repetitionPenalty > 0 && repetitionPenalty < Infinity)) {
    return bad("repetitionPenalty", `${repetitionPenalty} is no finite number > 0; 1 is off.`)
  }
  if (!(Number.isInteger(maxTokens) && maxTokens >= 1)) return bad("maxTokens", `${maxTokens} is no integer >= 1.`)
  const stray = stopIds.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabulary))
  if (stray !== undefined) {
    return bad("stopIds", `${stray} is no id in 0..${vocabulary - 1}: it can never be drawn, so it would stop nothing.`)
  }
  const greedy = temperature === 0
  return Result.succeed({
    greedy,
    penalised: repetitionPenalty !== 1,
    tempered: !greedy && temperature !== 1,
    topK: greedy || topK >= vocabulary ? 0 : topK,
    topP: !greedy && topP < 1,
    minP: !greedy && minP > 0,
    vocabulary,
    window: vocabulary
  })
}

/** The fed numbers of a form, by the name of their scalar input. */
export const knobs = (form: Form, options: SamplingOptions): Readonly<Record<string, number>> => ({
  ...(form.penalised ? { repetitionPenalty: options.repetitionPenalty } : {}),
  ...(form.tempered ? { inverseTemperature: 1 / options.temperature } : {}),
  ...(form.topP ? { topP: options.topP } : {}),
  ...(form.minP ? { minP: options.minP } : {})
})

/** Windows that are tried in turn. */
const windows = [32, 128, 1024]

/**
 * The form with the smallest window that can hold more than `tokens` candidates: sorting few of many tokens is much
 * cheaper than sorting all, and the most likely few nearly always hold the nucleus.
 */
export const withWindow = (form: Form, tokens: number): Form => ({
  ...form,
  window:
    form.topP && form.topK === 0
      ? (windows.find((w) => w > tokens && 2 * w <= form.vocabulary) ?? form.vocabulary)
      : form.vocabulary
})
