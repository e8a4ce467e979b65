/**
 * Door of the MessagePack codec: the only folder that names msgpackr.
 */
export { createCodec } from './codec.ts'
export { RemoteError } from './error-values.ts'
