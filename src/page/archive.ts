import type { PackedIndex, PackedTrace } from "../core/explorer/index.ts"

const inflate = async (base64: string): Promise<unknown> => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))
  return JSON.parse(await new Response(stream).text())
}

const packed = (name: string): string => document.querySelector(`script[data-packed="${name}"]`)?.textContent ?? ""

export const readIndex = async (): Promise<PackedIndex> => (await inflate(packed("index"))) as PackedIndex

/** Traces by rollout, each block unpacked once. */
export interface Archive {
  readonly trace: (rollout: number) => Promise<PackedTrace>
  /**
   * Rollouts whose text, prompt or answer holds the words, whatever their case; gives way to the reader between blocks.
   * `undefined` when `isStale` said so in between.
   */
  readonly search: (
    words: string,
    isStale: () => boolean,
    progress: (share: number) => void
  ) => Promise<ReadonlySet<number> | undefined>
}

export const openArchive = (index: PackedIndex): Archive => {
  const { rollouts, prompts, blockSize } = index
  const count = Math.ceil(rollouts.file.length / blockSize)
  const blocks: Array<Promise<ReadonlyArray<PackedTrace>> | undefined> = []
  const block = (b: number): Promise<ReadonlyArray<PackedTrace>> =>
    (blocks[b] ??= inflate(packed(`block-${b}`)) as Promise<ReadonlyArray<PackedTrace>>)
  return {
    trace: async (rollout) => (await block(Math.floor(rollout / blockSize)))[rollout % blockSize]!,
    search: async (words, isStale, progress) => {
      const wanted = words.toLowerCase()
      const holds = (text: string | null | undefined): boolean => text?.toLowerCase().includes(wanted) === true
      const promptHolds = prompts.map(({ id, text, gold }) => holds(id) || holds(text) || holds(gold))
      const found = new Set<number>()
      for (let b = 0; b < count; b++) {
        const traces = await block(b)
        if (isStale()) return undefined
        for (const [t, { text }] of traces.entries()) {
          const r = b * blockSize + t
          if (promptHolds[rollouts.prompt[r]!] === true || holds(text) || holds(rollouts.answer[r])) found.add(r)
        }
        progress((b + 1) / count)
        await new Promise((resume) => setTimeout(resume))
      }
      return found
    }
  }
}
