/**
 * LogLevel: the severities of log lines, in their order, with the numbers that pino gives them.
 */

export const logLevels = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Number.POSITIVE_INFINITY,
} as const
