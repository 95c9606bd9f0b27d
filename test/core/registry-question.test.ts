// Facts answer the question that they were asked for, and no other.
import t from 'tap'
import type { RegistryFact } from '../../hooks/core/facts.ts'
import { isAnswerTo, questionOf } from '../../hooks/core/registry-question.ts'

const question = questionOf({ registry: 'eu', workspace: 'team', modelName: 'churn', modelAlias: 'champion' })
const fact: RegistryFact = { server: 'eu', workspace: 'team', model: 'churn', alias: 'champion', state: 'AliasMissing', observedAt: '2026-01-01T00:00:00Z' }

t.strictSame(question, { server: 'eu', workspace: 'team', model: 'churn', alias: 'champion' })
t.equal(isAnswerTo(fact, question), true)
t.equal(isAnswerTo(undefined, question), false)
for (const part of ['server', 'workspace', 'model', 'alias']) t.equal(isAnswerTo({ ...fact, [part]: 'other' }, question), false, `another ${part} is another question`)
