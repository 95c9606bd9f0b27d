// The act of the ModelDeployment: validated and served; a version that fails its validation does not run, and the next one takes over.
import type { Act, Chapter, Stage } from './act.ts'
import { apply } from './apply.ts'
import { servingLines } from './serving-lines.ts'
import { watchServing, type ServingSnapshot } from './serving-snapshot.ts'

const NAME = 'churn'
const PATH = `/apis/sluice.dev/v1alpha1/namespaces/models/modeldeployments/${NAME}`

/** What the script of the story finds out about a version; in the playground the model itself says it. */
const BAD = 'playground: fails validation: AssertionError: accuracy 0.71 is below the 0.80 that is asked for'

/** Puts a model where it can be downloaded, and asks for it. */
async function ask (stage: Stage, version: number, words = ''): Promise<void> {
  const { models, api } = stage.system
  const { url } = await models.put(`/churn/version-${version}.pt`, `weights of version ${version}\n${words}\n`)
  const spec = { modelURI: url, runtime: 'fastapi-pytorch', version: `v${version}`, validateScript: 'validate.py', keepPrevious: '2m' }
  await apply(`${api.url}${PATH}`, { apiVersion: 'sluice.dev/v1alpha1', kind: 'ModelDeployment', metadata: { name: NAME, namespace: 'models' }, spec })
}

/** The Service leads to this version and no other, and no request has found no pod. */
function isServing (version: string, { phase, reason, answers, hadGap }: ServingSnapshot): boolean {
  return phase === 'Ready' && reason === 'Serving' && !hadGap && answers.join() === version
}

const CHAPTERS: Array<Chapter<ServingSnapshot>> = [
  {
    title: `ModelDeployment ${NAME} asks for version 1, which a script validates first`,
    act: async (stage) => { await ask(stage, 1) },
    isOver: (now) => isServing('1', now),
    events: ['ValidationStarted', 'ValidationPassed'],
    patience: 60
  },
  {
    title: 'version 2 fails its validation',
    act: async (stage) => { await ask(stage, 2, BAD) },
    isOver: ({ phase, error = '', answers, hadGap }) => phase === 'Ready' && error.includes('accuracy 0.71') && answers.join() === '1' && !hadGap,
    events: ['ValidationFailed'],
    patience: 60
  },
  {
    title: 'version 3 passes, is started beside version 1, and takes over',
    act: async (stage) => { await ask(stage, 3) },
    isOver: (now, seen) => isServing('3', now) && seen.some(({ phase, answers }) => phase === 'Deploying' && answers.join() === '1'),
    events: ['ValidationPassed'],
    patience: 60
  }
]

export const modelDeploymentAct: Act<ServingSnapshot> = {
  kind: 'model-deployment',
  about: { kind: 'ModelDeployment', name: NAME, path: PATH },
  watch: (stage) => watchServing(stage, `${NAME}-service`),
  lines: servingLines,
  chapters: CHAPTERS,
  moral: 'The story came true: nothing ran unvalidated, and version 3 took over without a gap.'
}
