export type { Tokenizer } from "./Tokenizer.ts"
