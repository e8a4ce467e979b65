/**
 * ExitCode: what a command's end tells the shell, the same for every command.
 */
import { EdgeError } from '../kernel/index.ts'

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  partial: 4,
  timeout: 5,
  unauthorised: 6,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

const byErrorCode: Readonly<Record<string, ExitCode>> = {
  config_invalid: exitCodes.usage,
  ticket_invalid: exitCodes.usage,
  ticket_version_unknown: exitCodes.usage,
  invalid_option: exitCodes.usage,
  nothing_running: exitCodes.notFound,
  unknown_node: exitCodes.notFound,
  unknown_code: exitCodes.notFound,
  timeout: exitCodes.timeout,
  peer_refused: exitCodes.unauthorised,
}

export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof EdgeError)) return exitCodes.failed
  return byErrorCode[error.code] ?? exitCodes.failed
}
