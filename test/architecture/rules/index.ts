/**
 * Rules: all the house rules, in the order in which a newcomer meets them.
 *
 * A rule that is not in this list is not checked. A rule without a row in `breaches.ts` has never
 * been seen to fail, and `architecture.test.ts` says so.
 */
import { arrowsRule } from './arrows.ts'
import { bordersRule, catchesRule } from './catches.ts'
import { cyclesRule } from './cycles.ts'
import {
  codeBlocksRule,
  dependenciesRule,
  examplesRule,
  pathsRule,
  requirementsRule,
} from './documents.ts'
import { effectsRule, modelRule, nodeRule, portsRule } from './effects.ts'
import { errorCodesRule } from './error-codes.ts'
import { languageRule } from './language.ts'
import { lockRule } from './lock.ts'
import { namesRule } from './names.ts'
import { onePackageHomeRule, packageFreeRule } from './packages.ts'
import { columnsRule, fileLengthRule, functionLengthRule, headerRule } from './shape.ts'
import { wordsRule } from './words.ts'
import type { Rule } from '../source.ts'

export const rules: readonly Rule[] = [
  arrowsRule,
  cyclesRule,
  packageFreeRule,
  onePackageHomeRule,
  effectsRule,
  nodeRule,
  portsRule,
  modelRule,
  catchesRule,
  bordersRule,
  languageRule,
  headerRule,
  fileLengthRule,
  functionLengthRule,
  columnsRule,
  namesRule,
  errorCodesRule,
  examplesRule,
  codeBlocksRule,
  requirementsRule,
  pathsRule,
  dependenciesRule,
  lockRule,
  wordsRule,
]
