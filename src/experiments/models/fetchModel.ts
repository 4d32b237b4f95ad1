import { Effect } from "effect"
import { ShardIndexes } from "../../core/checkpoint/index.ts"
import { address, type Fetched, Hub, HubError, type Listing, type Repo } from "../../core/data/index.ts"

/** What a model has beside its weights; only the first must be there. */
const texts = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "chat_template.jinja"
]

/** An adapter in PEFT's layout, in a repository that holds no model. */
const adapter = ["adapter_config.json", "adapter_model.safetensors"]

const { singleName, indexName } = ShardIndexes
const isShard = (path: string): boolean => /^model-\d+-of-\d+\.safetensors$/.test(path)

/** The files of a repository that are read: its weights in one form alone, whatever other forms there are. */
const wanted = ({ repo, files }: Listing): Effect.Effect<ReadonlyArray<string>, HubError> => {
  const paths = files.map(({ path }) => path)
  const have = (names: ReadonlyArray<string>) => names.filter((name) => paths.includes(name))
  if (!paths.includes("config.json") && paths.includes(adapter[0]!))
    return Effect.succeed([...have(adapter), ...have(texts)])
  const weights = paths.includes(singleName)
    ? [singleName]
    : paths.includes(indexName)
      ? [indexName, ...paths.filter(isShard)]
      : []
  const missing = paths.includes("config.json") ? (weights.length === 0 ? singleName : undefined) : "config.json"
  return missing === undefined
    ? Effect.succeed([...have(texts), ...weights])
    : Effect.fail(new HubError({ kind: "file", repo, path: missing, reason: "the repository does not hold it" }))
}

/** Has a model of the hub at hand: the folder with its files, and where they come from, to the commit. */
export const fetchModel = (repo: Repo): Effect.Effect<Fetched, HubError, Hub> =>
  Effect.gen(function* () {
    const hub = yield* Hub
    const listing = yield* hub.list(repo)
    const folder = yield* hub.fetch(listing, yield* wanted(listing))
    return { folder, origin: address(listing) }
  })
