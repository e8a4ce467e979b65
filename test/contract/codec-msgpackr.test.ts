/** The MessagePack codec keeps the codec contract. */
import { createCodec } from '../../src/adapters/msgpackr/index.ts'
import { codecContract } from './codec.ts'

codecContract('msgpackr', createCodec)
