export type { AnswerCheck, Gold, Prediction } from "./AnswerCheck.ts"
export * as AnswerChecks from "./AnswerCheck.ts"
export type { ChatTemplate } from "./ChatTemplate.ts"
export * as ChatTemplates from "./ChatTemplate.ts"
export { canonicalAnswer } from "./canonicalAnswer.ts"
export {
  checkAnswer,
  type FormulaComparison,
  FormulaEquality,
  formulaCheck,
  letterByLetter,
  withoutFormulas
} from "./checkAnswer.ts"
export { countdown } from "./countdown.ts"
export type { Expression, Operator } from "./Expression.ts"
export * as Expressions from "./Expression.ts"
export { type EncodedConversation, encodeConversation } from "./encodeConversation.ts"
export { BadTemplate, BadTokenizer, ChatRejected, UnknownText } from "./errors.ts"
export { type FormatAdjusted, formatAdjustedChoice, formatAdjustedNumber, tagText } from "./formatAdjusted.ts"
export { type JinjaOptions, jinjaTemplate } from "./jinjaTemplate.ts"
export { plainFormula, rightHandSide, statements } from "./latex.ts"
export { type ChoiceAnswer, labelsOf, multipleChoice, readChoice } from "./multipleChoice.ts"
export { type NumberReading, numberIn, type StatedNumber } from "./numberIn.ts"
export { offsets, pieces, type Span, tokensOf } from "./pieces.ts"
export { quantity, type Unit, unitOf } from "./quantity.ts"
export * as Rationals from "./Rational.ts"
export type { StepRule, TokenEnd } from "./StepRule.ts"
export * as StepRules from "./StepRule.ts"
export { stepEnds } from "./stepEnds.ts"
export { type StoredTemplate, storedTemplate, templateFromFolder } from "./storedTemplate.ts"
export * as ThinkAnswer from "./ThinkAnswer.ts"
export type { Tokenizer } from "./Tokenizer.ts"
export { type Departure, type TemplateReport, templateReport } from "./templateReport.ts"
export { fromFolder, fromJson } from "./tokenizerJson.ts"
export { type BpeOptions, trainBpe } from "./trainBpe.ts"
export { turnEnd } from "./turnEnd.ts"
export { type Vocabulary, wordLevel, wordLevelJson } from "./wordLevel.ts"
