/**
 * Codec contract, kept: by the MessagePack codec.
 */
import { createCodec } from '../../src/adapters/msgpackr/index.ts'
import { codecContract } from './codec.ts'

codecContract('msgpackr', createCodec)
