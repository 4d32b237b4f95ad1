/**
 * The library by rooms, from the ground up. Backends are entry points of their own (`rewardflow/onnx`,
 * `rewardflow/reference`), so that nothing here knows a vendor.
 */
export * as Adapter from "./core/adapter/index.ts"
export * as Checkpoint from "./core/checkpoint/index.ts"
export * as Data from "./core/data/index.ts"
export * as Evaluation from "./core/evaluation/index.ts"
export * as Figure from "./core/figure/index.ts"
export * as Report from "./core/figure/report/index.ts"
export * as Learner from "./core/learner/index.ts"
export * as Model from "./core/model/index.ts"
export * as Objective from "./core/objective/index.ts"
export * as Optim from "./core/optim/index.ts"
export * as Program from "./core/program/index.ts"
export * as Results from "./core/result/index.ts"
export * as Reward from "./core/reward/index.ts"
export * as Run from "./core/run/index.ts"
export * as Sampling from "./core/sampling/index.ts"
export * as Service from "./core/service/index.ts"
export * as Task from "./core/task/index.ts"
export * as Tensor from "./core/tensor/index.ts"
export * as Text from "./core/text/index.ts"
export * as Transform from "./core/transform/index.ts"
