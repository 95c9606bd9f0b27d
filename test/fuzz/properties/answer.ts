// What holds of every answer of every kind, whatever was asked.
import { TypeCompiler, type TypeCheck } from '@sinclair/typebox/compiler'
import type { TSchema } from '@sinclair/typebox'
import { UnprocessableError, type Kind } from '../../../hooks/core/kind.ts'
import type { SyncRequest, SyncResponse } from '../../../hooks/core/request.ts'
import { crdProblems } from '../../helpers/crd-validation.ts'
import { deepFreeze } from '../../helpers/deep-freeze.ts'
import { answerOrRefusal } from '../../helpers/feed-back.ts'
import { demand } from './violation.ts'

/** Characters of an answer: three versions with 64 variables of 32 KiB each, and then some. */
const LARGEST_ANSWER = 16 * 2 ** 20

const statusChecks = new Map<Kind, TypeCheck<TSchema>>()

/**
 * Asks twice, by a frozen request, and checks what came; undefined: 422, which is a refusal in one sentence. Any other error is a bug.
 * `forged`: what we wrote into the children was changed, past all checks of the API server. What a kind keeps of it, such as a template of pods, comes back as it
 * was left, and the API server refuses what is none: everything stays as it is.
 */
export function askPurely (kind: Kind, request: SyncRequest, forged = false): SyncResponse | undefined {
  const text = JSON.stringify(request)
  deepFreeze(request)
  const first = answerOrRefusal(kind, request)
  const second = answerOrRefusal(kind, JSON.parse(text) as SyncRequest)
  const bytes = JSON.stringify(first)
  demand(bytes === JSON.stringify(second), () => 'the same request got two answers')
  demand(JSON.stringify(request) === text, () => 'the request was changed')
  demand(!('polluted' in {}) && !('deleting' in {}) && Object.keys(Object.prototype).length === 0, () => 'Object.prototype was changed')
  if (first instanceof UnprocessableError) return checkSentence(first.message)
  demand(bytes.length <= LARGEST_ANSWER, () => `the answer has ${bytes.length} characters`)
  const answer = JSON.parse(bytes) as SyncResponse
  checkAnswer(kind, request, answer)
  if (!forged && !hasForeignParts(request.parent.spec)) checkChildren(answer)
  return first
}

/** What users give as Kubernetes' own is passed on as it is, and it is the API server that says what is wrong with it. */
function hasForeignParts (spec: unknown): boolean {
  return ['extraVolumes', 'extraContainers', 'extraInitContainers'].some((field) => Object.hasOwn(Object(spec) as object, field))
}

function checkSentence (message: string): undefined {
  demand(message.length >= 10 && message.length <= 1000, () => `a refusal of ${message.length} characters`)
}

function checkAnswer (kind: Kind, request: SyncRequest, { status, children, finalized }: SyncResponse): void {
  if (finalized) return
  const check = statusChecks.get(kind) ?? TypeCompiler.Compile(kind.status as TSchema)
  statusChecks.set(kind, check)
  if (!check.Check(status)) {
    const wrong = check.Errors(status).First()
    demand(false, () => `status${wrong?.path} is not valid: ${wrong?.message}`)
  }
  const listed = request.controller.spec?.childResources ?? []
  for (const { kind: name, apiVersion } of children) {
    const declared = kind.children.find((entry) => entry.kind === name && entry.apiVersion === apiVersion)
    demand(declared !== undefined && listed.some((entry) => entry.apiVersion === apiVersion && entry.resource === declared.resource), () => `${name} ${apiVersion} is not what the controller lists`)
  }
}

function checkChildren ({ children }: SyncResponse): void {
  for (const child of children) {
    const problems = crdProblems(child) ?? []
    demand(problems.length === 0, () => `${child.kind} ${child.metadata.name} is not valid: ${problems.join('; ')}`)
  }
}
