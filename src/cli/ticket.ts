/**
 * TicketCommand: the one line with which another box joins.
 */
import { request } from '../control-client.ts'
import type { Output } from './output.ts'
import { running } from './settings.ts'
import type { CommonFlags } from './settings.ts'

const answerWithinMs = 5_000

export async function ticket(flags: CommonFlags, output: Output): Promise<void> {
  const [node] = await running(flags)
  if (node === undefined) return
  const answer = (await request(node, { op: 'ticket' }, answerWithinMs)) as { ticket: string }
  output.say('Whoever holds this line can join the cluster; give it to nobody else.')
  output.result(answer, () => answer.ticket)
}
