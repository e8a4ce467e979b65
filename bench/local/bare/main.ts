/**
 * BareMain: the measured process of the bare mailbox.
 */
import { serve } from '../serve.ts'
import { bareAsks } from './asks.ts'
import { bareCrowds } from './crowds.ts'
import { bareStreams } from './streams.ts'
import { bareThreads } from './threads.ts'
import { bareUpkeep } from './upkeep.ts'

await serve({ ...bareStreams, ...bareCrowds, ...bareAsks, ...bareUpkeep, ...bareThreads })
