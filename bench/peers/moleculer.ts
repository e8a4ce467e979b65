/**
 * Moleculer: local calls and local events between services of one broker, no transporter.
 *
 * Services have no addresses of their own, no mailboxes and no state per instance, so only
 * what a call or an event can express has a row: tell (an event) and ask (a call).
 */
import { ServiceBroker } from 'moleculer'
import { timed, verify } from '../local/outcome.ts'
import { serve } from '../local/serve.ts'

async function withCounter(body) {
  const state = { sum: 0 }
  const broker = new ServiceBroker({ logger: false })
  broker.createService({
    name: 'counter',
    actions: { add: ({ params }) => (state.sum += params.by) },
    events: { 'counter.inc': ({ params }) => void (state.sum += params.by) },
  })
  await broker.start()
  try {
    return await body(broker, state)
  } finally {
    await broker.stop()
  }
}

const flood = (size) =>
  withCounter(async (broker, state) => {
    const outcome = await timed(size, () => {
      const sent = Array.from({ length: size }, () => broker.emit('counter.inc', { by: 1 }))
      return Promise.all(sent)
    })
    verify('the sum of the counter', state.sum, size)
    return outcome
  })

const asks = (size, askers, options) =>
  withCounter(async (broker, state) => {
    let heard = 0
    const asker = async () => {
      for (let asked = 0; asked < size / askers; asked++) {
        if ((await broker.call('counter.add', { by: 1 }, options)) > 0) heard++
      }
    }
    const outcome = await timed(size, () => Promise.all(Array.from({ length: askers }, asker)))
    verify('the answers heard', heard, size)
    verify('the questions counted', state.sum, size)
    return outcome
  })

const plain = (size, askers) => asks(size, askers, undefined)
const withDeadline = (size, askers) => asks(size, askers, { timeout: 1_000 })

await serve({
  tell: flood,
  ask: plain,
  'ask-deadline': withDeadline,
  'ask-concurrent': plain,
  'ask-concurrent-deadline': withDeadline,
})
