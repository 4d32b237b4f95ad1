import { Effect, type FileSystem } from "effect"
import {
  type BadTemplate,
  type ChatTemplate,
  ChatTemplates,
  type Tokenizer,
  templateFromFolder
} from "../../core/text/index.ts"

/** Templates by the names of a configuration. */
export const templates = { plain: ChatTemplates.plain, chatml: ChatTemplates.chatMl } as const

export type TemplateName = keyof typeof templates

/** How a model writes conversations: as it is told, by the template of its folder, or `plain` where that has none. */
export const templateOf = (
  folder: string,
  tokenizer: Tokenizer,
  chosen: TemplateName | null
): Effect.Effect<ChatTemplate, BadTemplate, FileSystem.FileSystem> =>
  chosen === null
    ? Effect.map(templateFromFolder(folder, tokenizer), (found) => found ?? templates.plain)
    : Effect.succeed(templates[chosen])
