import { Schema } from "effect"

/** One turn of a conversation. Keys of other tools, e.g. `tool_calls`, are dropped on reading. */
export const Message = Schema.Struct({
  role: Schema.Literals(["system", "user", "assistant", "tool"]),
  content: Schema.String,
  /** Reasoning that some chat formats keep apart from the content. */
  reasoning_content: Schema.optionalKey(Schema.String)
})
export type Message = typeof Message.Type

export const system = (content: string): Message => ({ role: "system", content })
export const user = (content: string): Message => ({ role: "user", content })
export const assistant = (content: string): Message => ({ role: "assistant", content })
