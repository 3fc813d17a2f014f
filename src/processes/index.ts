/** Diffusion processes: noise schedules, samplers, and the bound, independent of any network. */
export { clipSample, dynamicThreshold } from './clean-estimate.js';
export { DDIMInverseScheduler, DDIMScheduler, type DDIMSchedulerOptions } from './ddim-scheduler.js';
export {
  DDPMScheduler,
  type DDPMSchedulerOptions,
  learnedDeviation,
  type VarianceType,
  varianceTypes,
} from './ddpm-scheduler.js';
export { drawTimes } from './draw-times.js';
export {
  type BetaSchedule,
  betaSchedules,
  NoiseSchedule,
  type NoiseScheduleOptions,
  type Posterior,
} from './noise-schedule.js';
export { DPMSolverMultistepScheduler, EulerScheduler, HeunScheduler } from './ode-schedulers.js';
export { minSnrWeight, originalOf, type PredictionType, predictionTypes, targetOf } from './prediction.js';
export { type RepaintCoefficients, type RepaintOptions, repaintSteps } from './repaint.js';
export { Scheduler, type SchedulerOptions } from './scheduler.js';
export { advance, type Coefficients, type StepInputs, type StepResult, type Vector } from './step.js';
export { type TimestepSpacing, timestepSpacings } from './timesteps.js';
export { atTimes, type BoundOptions, type BoundTerm, VariationalBound } from './variational-bound.js';
