// Names given by the operator, and what its webhook refuses.
import t from 'tap'

import { validateSeldonDeployment } from '../../../../playground/stand-ins/seldon/admission.ts'
import { containerServiceName, deploymentName, predictorServiceName } from '../../../../playground/stand-ins/seldon/names.ts'
import type { SeldonSpec } from '../../../../playground/stand-ins/seldon/seldon-deployment.ts'
import { predictor } from './life.ts'

t.test('names', async t => {
  const component = { spec: { containers: [{ name: 'model' }, { name: 'proxy' }] } }
  const long = 'a'.repeat(40)
  const rows: Array<[string, string, string]> = [
    ['a Deployment is named after its containers', deploymentName('bank', 'v1', 0, component), 'bank-v1-0-model-proxy'],
    ['or after its component', deploymentName('bank', 'v1', 1, { ...component, metadata: { name: 'own' } }), 'bank-v1-1-own'],
    ['over 63 characters it is a hash', deploymentName(long, 'v1-abc123', 0, component), 'seldon-464cce62739f9f22e798d7e83ab8ffc0'],
    ['63 characters are kept', deploymentName(long, 'v'.repeat(15), 0, { spec: { containers: [{ name: 'mode' }] } }), `${long}-${'v'.repeat(15)}-0-mode`],
    ['a predictor has a Service', predictorServiceName('bank', predictor('v1', 100)), 'bank-v1'],
    ['whose name an annotation replaces', predictorServiceName('bank', predictor('v1', 100, { annotations: { 'seldon.io/svc-name': 'mine' } })), 'mine'],
    ['a container has one, too', containerServiceName('bank', 'v1', 'model'), 'bank-v1-model']
  ]
  for (const [name, given, want] of rows) t.equal(given, want, name)
})

t.test('the webhook', async t => {
  const graph = predictor('v1', 100).graph
  const v1 = predictor('v1', 100)
  const rows: Array<[string, Partial<SeldonSpec>, string[]]> = [
    ['admits two that sum to 100', { predictors: [predictor('v1', 90), predictor('v2', 10)] }, []],
    ['admits a zero weight', { predictors: [predictor('v1', 100), predictor('v2', 0)] }, []],
    ['refuses another sum', { predictors: [predictor('v1', 90), predictor('v2', 20)] }, ['Traffic must sum to 100 for multiple predictors']],
    ['refuses 1–99 on a single predictor', { predictors: [predictor('v1', 60)] }, ['Traffic must sum be 100 for a single predictor when set']],
    ['admits 0 on a single predictor', { predictors: [predictor('v1', 0)] }, []],
    ['admits any number beside a shadow', { predictors: [predictor('v1', 7), predictor('v2', 10, { shadow: true })] }, []],
    ['refuses a shadow alone', { predictors: [predictor('v1', 100, { shadow: true })] }, ['Shadow can not exist as only predictor']],
    ['refuses two shadows', { predictors: [v1, predictor('v2', 1, { shadow: true }), predictor('v3', 1, { shadow: true })] }, ['Multiple shadows are not allowed']],
    ['refuses equal names', { predictors: [predictor('v1', 50), predictor('v1', 50)] }, ['Duplicate predictor name']],
    ['refuses no predictors', { predictors: [] }, ['Graph contains no predictors']],
    ['requires modelUri', { predictors: [predictor('v1', 100, { graph: { name: 'model', implementation: 'MLFLOW_SERVER' } })] }, ['Predictive unit modelUri required when using standalone servers']],
    ['but not of Hugging Face', { predictors: [predictor('v1', 100, { graph: { name: 'model', implementation: 'HUGGINGFACE_SERVER' } })] }, []],
    ['refuses an unknown server without an image', { predictors: [predictor('v1', 100, { graph: { ...graph, implementation: 'MY_SERVER' } })] }, ['No entry in predictors map for MY_SERVER']],
    ['refuses a graph without a container', { predictors: [predictor('v1', 100, { graph: { name: 'other' } })] }, ["Can't find container for Predictive Unit"]],
    ['refuses an unknown protocol', { protocol: 'v3', predictors: [v1] }, ['Invalid protocol']],
    ['refuses MLflow over tensorflow', { protocol: 'tensorflow', predictors: [v1] }, ['Prepackaged server does not handle tensorflow protocol MLFLOW_SERVER']],
    ['refuses a logger without a mode', { predictors: [predictor('v1', 100, { graph: { ...graph, logger: {} } })] }, ['No logger mode specified']],
    ['refuses a doubled svc-name', {
      predictors: [predictor('v1', 50, { annotations: { 'seldon.io/svc-name': 'x' } }), predictor('v2', 50, { annotations: { 'seldon.io/svc-name': 'x' } })]
    }, ['Found duplicate service name in seldon.io/svc-name with value x']],
    ['has no rule on names', { predictors: [predictor('Not A Label!', 100)] }, []]
  ]
  for (const [name, spec, want] of rows) {
    t.strictSame(validateSeldonDeployment({ protocol: 'v2', predictors: [], ...spec }), want, name)
  }
})
