#!/usr/bin/env node
/**
 * Cli: the command line, from its words to a command and its end.
 *
 * A command that fails says what happened and what to do next on the error output, and its exit
 * code says which kind of failure it was. With --json the failure is one JSON object instead.
 */
import { Command, CommanderError } from 'commander'
import { EdgeError } from '../kernel/index.ts'
import { version } from '../version.ts'
import { exitCodeOf, exitCodes } from './exit-code.ts'
import { createOutput } from './output.ts'
import type { Output } from './output.ts'
import type { CommonFlags } from './settings.ts'

type Run<F> = (flags: F, output: Output) => Promise<void>

function program(): Command {
  const shoal = new Command('shoal')
    .description('An actor-model distributed runtime for the edge: every box is a peer.')
    .version(version)
    .showSuggestionAfterError()
    .exitOverride()
  common(shoal.command('up').description('start a node and keep it until Ctrl+C'))
    .option('--nodes <count>', 'start so many on this machine, each a process of its own')
    .option('--join <ticket>', 'join the cluster of the node that printed the ticket')
    .action(running(async () => (await import('./up.ts')).up))
  common(shoal.command('demo').description('three nodes on this machine'))
    .option('--nodes <count>', 'another number of nodes', '3')
    .action(running(async () => (await import('./up.ts')).up))
  common(shoal.command('status').description('who is in the mesh, as one node sees it')).action(
    running(async () => (await import('./status.ts')).status),
  )
  common(shoal.command('ticket').description('the line with which another box joins')).action(
    running(async () => (await import('./ticket.ts')).ticket),
  )
  common(shoal.command('down').description('stop the nodes of a data directory')).action(
    running(async () => (await import('./down.ts')).down),
  )
  common(
    shoal.command('doctor').description('look for what keeps a node from running well'),
  ).action(running(async () => (await import('./doctor.ts')).doctor))
  return shoal
}

function common(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration file (shoal.config.yaml, .json or .ts)')
    .option('--data-dir <dir>', 'where the node keeps its data (EDGE_DATA_DIR)')
    .option('--port-offset <number>', 'added to every port (EDGE_PORT_OFFSET)')
    .option('--name <name>', 'name of the node')
    .option('--json', 'print one JSON object for programs')
    .exitOverride()
}

function running<F extends CommonFlags>(find: () => Promise<Run<F>>): (flags: F) => Promise<void> {
  return async (flags) => {
    const run = await find()
    await run(flags, createOutput(flags.json === true))
  }
}

function report(error: unknown, json: boolean): void {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof EdgeError ? error.code : 'internal'
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
  else process.stderr.write(`✖ ${code}: ${message}\n`)
}

try {
  await program().parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  } else {
    report(error, process.argv.includes('--json'))
    process.exitCode = exitCodeOf(error)
  }
}
