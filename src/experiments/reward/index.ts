export { type LearnedReward, learnReward, type RewardSettings, type RewardTraces } from "./learnReward.ts"
export { hashes, NoTraces, type PolicyTrace, readDemonstrations, readPolicyTraces } from "./traces.ts"
