import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { SamplingOptions } from "../../src/core/service/index.ts"
import type { Decoder } from "./served.ts"

export const BASE = "lab/base"
export const KEY = "key-neverPrinted"
/** The end token of the served model, which ends completions unless `ignore_eos` is set. */
export const EOS = 1
export const MAX_MODEL_LEN = 24

type Json = Readonly<Record<string, unknown>>
type Choice = Record<string, unknown>
type Answer = { model: string; choices: Array<Choice> }

/** What goes wrong with one request, the first whose path holds `on`. */
export interface Fault {
  readonly on: string
  /** Answers with this status and these headers. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sends so many characters of the answer, then drops the connection. */
  readonly cutAt?: number
  /** Takes the request, does as it says, and drops the connection without an answer: "after"; "before": does nothing. */
  readonly drop?: "before" | "after"
  /** Never answers. */
  readonly hold?: boolean
  /** Does nothing, and sends this text with status 200. */
  readonly text?: string
  /** Changes the answer. */
  readonly spoil?: (answer: Answer) => void
}

/** How the server was started. */
export interface Mode {
  /** --api-key */
  key: boolean
  /** --logprobs-mode */
  logProbs: "raw" | "processed"
  /** VLLM_ALLOW_RUNTIME_LORA_UPDATING */
  updating: boolean
  /** What happens to requests of an unknown model: 404, or the base model answers, in its own name or in the asked. */
  unknown: "refused" | "base" | "base unsaid"
  /** How completion i of a call is seeded: seed + i, or as all others. */
  seeds: "apart" | "one"
  /** Where token ids are: as `return_token_ids` asks, as `return_tokens_as_token_ids` does, or nowhere. */
  ids: "ids" | "tokens" | "text"
  /** Choices come in the order in which they end. */
  shuffled: boolean
  /** What adapters are said to lie on. */
  parent: string
}

export interface Seen {
  readonly path: string
  readonly authorization: string | undefined
  readonly body: Json
  /** When the server got it, in ms. */
  readonly at: number
  /** The client hung up before the answer. */
  aborted: boolean
}

/** As a model folder's generation configuration would have it: used for whatever a request leaves out. */
const generation = { temperature: 0.6, top_p: 0.9, top_k: 3, min_p: 0, repetition_penalty: 1.3 }

const started: Mode = {
  key: false,
  logProbs: "raw",
  updating: true,
  unknown: "refused",
  seeds: "apart",
  ids: "ids",
  shuffled: false,
  parent: BASE
}

class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const textOf = (ids: ReadonlyArray<number>): string => ids.map((id) => String.fromCharCode(94 + id)).join("")

const samplingOf = (body: Json): SamplingOptions => {
  const number = (name: keyof typeof generation) => Number(body[name] ?? generation[name])
  const stop = (body["stop_token_ids"] as ReadonlyArray<number> | undefined) ?? []
  return {
    temperature: number("temperature"),
    topP: number("top_p"),
    topK: number("top_k"),
    minP: number("min_p"),
    repetitionPenalty: number("repetition_penalty"),
    stopIds: body["ignore_eos"] === true ? stop : [...new Set([...stop, EOS])],
    maxTokens: Number(body["max_tokens"] ?? 16)
  }
}

const promptsOf = (prompt: unknown): ReadonlyArray<ReadonlyArray<number>> => {
  if (!Array.isArray(prompt) || prompt.length === 0) throw new Refused(400, "prompt: token ids are needed here")
  return Array.isArray(prompt[0]) ? prompt : [prompt]
}

/** One choice a prompt and sample, as vLLM makes them. */
const completions = async (decoder: Decoder, body: Json, mode: Mode): Promise<Array<Choice>> => {
  const options = samplingOf(body)
  const n = Number(body["n"] ?? 1)
  if (options.temperature === 0 && n > 1) throw new Refused(400, `n must be 1 when using greedy sampling, got ${n}.`)
  const prompts = promptsOf(body["prompt"])
  const long = prompts.find((prompt) => prompt.length + options.maxTokens > MAX_MODEL_LEN)
  if (long !== undefined)
    throw new Refused(
      400,
      `This model's maximum context length is ${MAX_MODEL_LEN} tokens, not ${long.length} and more.`
    )
  const seed = Number(body["seed"] ?? Math.floor(Math.random() * 2 ** 31))
  const requests = prompts.flatMap((prompt) =>
    Array.from({ length: n }, (_, i) => ({ prompt, seed: mode.seeds === "apart" ? seed + i : seed }))
  )
  const drawn = await decoder.draw(requests, options)
  const scores =
    body["prompt_logprobs"] === undefined ? undefined : await decoder.score(requests.map(({ prompt }) => prompt))
  const asIds = body["return_tokens_as_token_ids"] === true && mode.ids !== "text"
  const choices = drawn.map(({ completion, logProbs, rawLogProbs, finishReason }, index): Choice => {
    const { prompt } = requests[index]!
    const last = completion.at(-1)!
    const stopped = finishReason === "stop"
    const own = body["ignore_eos"] !== true && last === EOS
    return {
      index,
      text: textOf(stopped ? completion.slice(0, -1) : completion),
      finish_reason: finishReason,
      stop_reason: stopped && !own ? last : null,
      logprobs:
        body["logprobs"] === undefined
          ? null
          : {
              text_offset: completion.map((_, t) => t),
              token_logprobs: mode.logProbs === "raw" ? rawLogProbs : logProbs,
              tokens: completion.map((id) => (asIds ? `token_id:${id}` : textOf([id]))),
              top_logprobs: completion.map(() => ({}))
            },
      prompt_logprobs:
        scores?.[index] === undefined
          ? null
          : [
              null,
              ...scores[index].map((logprob, t) => ({ [prompt[t + 1]!]: { logprob, rank: 1, decoded_token: "" } }))
            ],
      ...(body["return_token_ids"] === true && mode.ids === "ids"
        ? { token_ids: completion, prompt_token_ids: prompt }
        : {})
    }
  })
  return mode.shuffled ? choices.toReversed() : choices
}

const bodyOf = async (request: IncomingMessage): Promise<Json> => {
  const parts: Array<Buffer> = []
  for await (const part of request) parts.push(part as Buffer)
  return parts.length === 0 ? {} : JSON.parse(Buffer.concat(parts).toString())
}

/**
 * Answers as vLLM's completion server does, on loopback, from weights of this project's decoder.
 *
 * @param base weights of the base model
 * @param read makes the decoder of an adapter from its path
 */
export const vllmServer = async (base: Decoder, read: (path: string) => Promise<Decoder>) => {
  const seen: Array<Seen> = []
  const faults: Array<Fault> = []
  const mode: Mode = { ...started }
  const adapters = new Map<string, { readonly path: string; readonly decoder: Decoder }>()

  const decoderOf = (name: string): readonly [name: string, decoder: Decoder] => {
    if (name === BASE) return [BASE, base]
    const adapter = adapters.get(name)
    if (adapter !== undefined) return [name, adapter.decoder]
    if (mode.unknown === "refused") throw new Refused(404, `The model \`${name}\` does not exist.`)
    return [mode.unknown === "base" ? BASE : name, base]
  }

  const load = async (body: Json): Promise<string> => {
    const [name, path] = [String(body["lora_name"]), String(body["lora_path"])]
    if (adapters.has(name)) throw new Refused(400, `The lora adapter '${name}' has already been loaded.`)
    const decoder = await read(path).catch(() => {
      throw new Refused(500, `Loading lora ${name} failed: no adapter at ${path}`)
    })
    adapters.set(name, { path, decoder })
    return `Success: LoRA adapter '${name}' added successfully.`
  }

  const answer = async (path: string, body: Json, fault: Fault | undefined): Promise<string> => {
    if (path === "/v1/models") {
      const card = { object: "model", owned_by: "vllm" }
      const loras = [...adapters].map(([id, { path: root }]) => ({
        ...card,
        id,
        root,
        parent: mode.parent,
        max_model_len: null
      }))
      const own = { ...card, id: BASE, root: BASE, parent: null, max_model_len: MAX_MODEL_LEN }
      return JSON.stringify({ object: "list", data: [own, ...loras] })
    }
    if (path === "/v1/completions") {
      const [model, decoder] = decoderOf(String(body["model"]))
      const choices = await completions(decoder, body, mode)
      const made: Answer & Json = { id: "cmpl-1", object: "text_completion", created: 0, model, choices, usage: {} }
      fault?.spoil?.(made)
      return JSON.stringify(made)
    }
    if (!mode.updating) throw new Refused(404, "Not Found")
    if (path === "/v1/load_lora_adapter") return load(body)
    if (path === "/v1/unload_lora_adapter") {
      const name = String(body["lora_name"])
      if (!adapters.delete(name)) throw new Refused(404, `The lora adapter '${name}' cannot be found.`)
      return `Success: LoRA adapter '${name}' removed successfully.`
    }
    throw new Refused(404, "Not Found")
  }

  const reply = (response: ServerResponse, text: string, { text: other = text, cutAt }: Fault = { on: "" }): void => {
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(other) })
    if (cutAt === undefined) response.end(other)
    else response.write(other.slice(0, cutAt), () => setTimeout(() => response.destroy(), 20))
  }

  const server = createServer(async (request, response) => {
    const path = request.url ?? ""
    const { authorization } = request.headers
    const one: Seen = { path, authorization, body: await bodyOf(request), at: Date.now(), aborted: false }
    seen.push(one)
    response.on("close", () => {
      one.aborted = !response.writableFinished
    })
    const at = faults.findIndex(({ on }) => path.includes(on))
    const fault = at < 0 ? undefined : faults.splice(at, 1)[0]
    const refuse = (status: number, message: string, headers: Readonly<Record<string, string>> = {}) => {
      response.writeHead(status, headers)
      response.end(JSON.stringify({ error: { message, type: "Error", param: null, code: status } }))
    }
    if (fault?.hold === true) return
    if (fault?.drop === "before") return void request.socket.destroy()
    if (fault?.text !== undefined) return reply(response, "", fault)
    if (fault?.status !== undefined) return refuse(fault.status, "busy", fault.headers)
    if (mode.key && authorization !== `Bearer ${KEY}`) return refuse(401, "Unauthorized")
    try {
      const text = await answer(path, one.body, fault)
      if (fault?.drop === "after") request.socket.destroy()
      else reply(response, text, fault)
    } catch (error) {
      refuse(error instanceof Refused ? error.status : 500, error instanceof Error ? error.message : "")
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    /** Requests still to be spoilt; taken from the front. */
    faults,
    mode,
    /** Names of the loaded adapters. */
    loaded: (): ReadonlyArray<string> => [...adapters.keys()],
    reset: (): void => {
      seen.length = 0
      faults.length = 0
      adapters.clear()
      Object.assign(mode, started)
    },
    close: (): Promise<void> => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    }
  }
}
