// Keys of labels and annotations: they are an interface to people and to the poller, so each is written out here.
import t from 'tap'
import { childLabels, COMMANDS, FACTS, PARENT_LABEL, parentLabel, STATE_ANNOTATION } from '../../hooks/core/labels.ts'

const churn = { kind: 'MlflowModel', metadata: { name: 'churn' } }

t.test('the keys are those that people and the poller use', async (t) => {
  t.strictSame({ PARENT_LABEL, STATE_ANNOTATION, FACTS, COMMANDS }, {
    PARENT_LABEL: 'sluice.dev/parent',
    STATE_ANNOTATION: 'sluice.dev/state',
    FACTS: { registry: 'sluice.dev/registry', analysis: 'sluice.dev/analysis', pods: 'sluice.dev/pods', references: 'sluice.dev/references', clock: 'sluice.dev/clock' },
    COMMANDS: { promote: 'sluice.dev/promote', abort: 'sluice.dev/abort', retry: 'sluice.dev/retry' }
  })
})

t.test('a pod names its parent by kind and name, in lower case', async (t) => {
  t.strictSame(parentLabel(churn), { 'sluice.dev/parent': 'mlflowmodel.churn' })
})

t.test('two kinds of one name are told apart', async (t) => {
  t.strictSame(parentLabel({ ...churn, kind: 'MLModel' }), { 'sluice.dev/parent': 'mlmodel.churn' })
})

t.test('a child says whose it is and who manages it', async (t) => {
  t.strictSame(childLabels(churn), { 'app.kubernetes.io/managed-by': 'sluice', 'sluice.dev/parent': 'mlflowmodel.churn' })
})
