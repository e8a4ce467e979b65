/**
 * ShoalMain: the measured process of this project, through the public door alone.
 */
import { serve } from '../serve.ts'
import { shoalAsks } from './asks.ts'
import { shoalCrowds } from './crowds.ts'
import { shoalLives } from './lives.ts'
import { shoalMetricsCost } from './metrics-cost.ts'
import { shoalStreams } from './streams.ts'
import { shoalThreads } from './threads.ts'
import { shoalTrees } from './trees.ts'

await serve({
  ...shoalStreams,
  ...shoalCrowds,
  ...shoalTrees,
  ...shoalAsks,
  ...shoalLives,
  ...shoalThreads,
  ...shoalMetricsCost,
})
