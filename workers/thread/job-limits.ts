/**
 * JobLimits: the bounds of jobs on threads, put together from the list of all limits.
 */
import * as limits from '../../protocols/limits.ts'
import type { DeskLimits } from './job-desk.ts'

export const jobLimits: DeskLimits = {
  depthMax: limits.codecDepthMax,
  valuesMax: limits.threadValuesMax,
  bytesMax: limits.threadPayloadBytesMax,
  queueMax: limits.jobQueueMax,
  deadlineMs: limits.jobDeadlineMs,
  deadlineMsMax: limits.jobDeadlineMsMax,
  cancelGraceMs: limits.jobCancelGraceMs,
  memoryMbMin: limits.jobMemoryMbMin,
  closeGraceMs: limits.jobCloseGraceMs,
}
