export { type TemplateName, templateOf, templates } from "./chatTemplates.ts"
export { BadModelFolder, ModelNotFound } from "./errors.ts"
export { type FolderModel, findModel, readModel } from "./readModel.ts"
export { type WrittenModel, writeModel } from "./writeModel.ts"
