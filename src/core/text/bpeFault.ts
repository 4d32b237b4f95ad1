/** The model of a tokenizer.json, whatever it holds. */
export interface StoredModel {
  readonly type?: unknown
  readonly vocab?: unknown
  readonly merges?: unknown
}

const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && !Array.isArray(x)

/** The two parts of a merge, which is stored as a pair or with a space between them. */
const partsOf = (merge: unknown): ReadonlyArray<unknown> =>
  typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : []

/**
 * What is wrong with the vocabulary or the merges of a BPE model, undefined where they hold together: every entry has an
 * id of its own, and every merge joins two entries to a third. The library loads others, and gives ids of no meaning.
 */
export const bpeFault = ({ type, vocab, merges }: StoredModel): string | undefined => {
  if (type !== "BPE") return undefined
  if (!isRecord(vocab)) return "its vocabulary (model.vocab) is no object of ids"
  const owners = new Map<unknown, string>()
  for (const [entry, id] of Object.entries(vocab)) {
    if (!Number.isSafeInteger(id) || (id as number) < 0)
      return `${JSON.stringify(entry)} has the id ${JSON.stringify(id)}`
    const other = owners.get(id)
    if (other !== undefined) return `${JSON.stringify(other)} and ${JSON.stringify(entry)} have the same id ${id}`
    owners.set(id, entry)
  }
  if (!Array.isArray(merges)) return "its merges (model.merges) are no list"
  for (const merge of merges) {
    const parts = partsOf(merge)
    const known = (entry: unknown) => typeof entry === "string" && Object.hasOwn(vocab, entry)
    if (parts.length !== 2 || !parts.every(known) || !known(parts.join("")))
      return `its merge ${JSON.stringify(merge)} does not join two entries of the vocabulary to a third`
  }
  return undefined
}
