export { NothingToProbe, probeReward } from "./probeReward.ts"
export { rewardScorer } from "./rewardScorer.ts"
