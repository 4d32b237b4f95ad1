export { plotMain, plotPairs, plotTransfer } from "./plot/index.ts"
