// What must go on serving, by kind: each oracle is written from the rules of its kind (hooks/*/README.md), and not from the code that decides.
import type { Json } from '../inputs/tree.ts'
import { checkModel } from './served-model.ts'
import { checkServer } from './served-server.ts'
import { checkVersion } from './served-version.ts'
import { checkStable } from './stable.ts'
import type { Answer } from './children.ts'

/** `none`: nothing serves yet, or nothing can be told. `moved`: something else serves now, and there is a reason. */
export type Fate = 'none' | 'kept' | 'moved' | 'deleted'

/** Throws a Violation when an answer takes away what serves. `forged`: what we wrote into the children was changed by somebody, so that they may say anything. */
export type Oracle = (request: Json, answer: Answer, forged: boolean) => Fate

/** Every kind has one. */
export const oracles: Record<string, Oracle> = {
  MlflowModel: checkStable,
  MLModel: checkModel,
  ModelDeployment: checkVersion,
  MLflow: checkServer
}
