import { Schema } from "effect"
import { type Condition, key, when } from "./Key.ts"
import { nonEmpty, positive, positiveInt } from "./values.ts"

const policies = when("grpo", "airl", "opsd")
const served: ReadonlyArray<Condition> = [...policies, { key: "training.use_vllm", values: [true] }]

/** How completions are drawn by an inference server, which follows the policy by its adapter. */
export const serverKeys = {
  use_vllm: key(Schema.Boolean, {
    doc: "Whether an inference server draws the training's completions; those that are evaluated are drawn here.",
    default: false,
    own: true,
    activeWhen: policies
  }),
  vllm_mode: key(Schema.Literals(["server"]), {
    doc: "Where it runs: by itself.",
    default: "server",
    refused: { colocate: "start the server by itself, and give training.vllm_server_base_url." },
    own: true,
    activeWhen: served
  }),
  vllm_server_base_url: key(Schema.NullOr(nonEmpty), {
    doc: "Its address, http://HOST:PORT; its key is in VLLM_API_KEY.",
    default: null,
    own: true,
    activeWhen: served
  }),
  vllm_server_timeout: key(positive, {
    doc: "Seconds from the first attempt of a request to its answer, retries included.",
    default: 600,
    own: true,
    activeWhen: served
  }),
  vllm_model: key(Schema.NullOr(nonEmpty), {
    doc: "Name under which it serves the policy's base; null for the policy's own name.",
    default: null,
    own: true,
    activeWhen: served
  }),
  vllm_logprobs_mode: key(Schema.Literals(["raw", "processed"]), {
    doc: "Which log-probabilities it reports (--logprobs-mode): the model's, or those after temperature and truncation.",
    default: "raw",
    own: true,
    activeWhen: served
  }),
  vllm_max_loras: key(positiveInt, {
    doc: "Versions of the policy that stay loaded there, as many as --max-loras at most.",
    default: 2,
    own: true,
    activeWhen: served
  }),
  vllm_lora_dir: key(Schema.NullOr(nonEmpty), {
    doc: "Folder in which the policy's versions are stored for it; null for `adapters` in the run's directory.",
    default: null,
    own: true,
    activeWhen: served
  }),
  vllm_lora_dir_on_server: key(Schema.NullOr(nonEmpty), {
    doc: "The same folder by the server's path; null where that is the same.",
    default: null,
    own: true,
    activeWhen: served
  })
} as const
