/**
 * Door of liveness: the responder thread, and how others are asked.
 */
export { openLiveness, type LivenessOptions } from './udp-liveness.ts'
