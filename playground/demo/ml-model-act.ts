// The act of the MLModel: downloaded and served, updated without a gap, and a model that is not what it should be is not served.
import type { Act, Chapter, Stage } from './act.ts'
import { apply } from './apply.ts'
import { servingLines } from './serving-lines.ts'
import { watchServing, type ServingSnapshot } from './serving-snapshot.ts'

const NAME = 'half-plus-two'
const PATH = `/apis/sluice.dev/v1alpha1/namespaces/models/mlmodels/${NAME}`

/** Puts a SavedModel where it can be downloaded. */
async function publish ({ system }: Stage, version: number): Promise<{ uri: string, sha256: string }> {
  const { url, sha256 } = await system.models.put(`/half_plus_two/version-${version}.tar.gz`, { 'half_plus_two/saved_model.pb': `weights of version ${version}`, 'half_plus_two/variables/variables.index': '' })
  return { uri: url, sha256 }
}

async function ask ({ system }: Stage, source: { uri: string, sha256: string }): Promise<void> {
  await apply(`${system.api.url}${PATH}`, { apiVersion: 'sluice.dev/v1alpha1', kind: 'MLModel', metadata: { name: NAME, namespace: 'models' }, spec: { source } })
}

/** All pods answer with this version, and no request has found none. */
function isServing (version: string, { phase, reason, answers, hadGap }: ServingSnapshot): boolean {
  return phase === 'Ready' && reason === 'Serving' && !hadGap && answers.length > 0 && answers.every((answer) => answer === version)
}

const CHAPTERS: Array<Chapter<ServingSnapshot>> = [
  {
    title: `MLModel ${NAME} asks for version 1, by its SHA-256`,
    act: async (stage) => { await ask(stage, await publish(stage, 1)) },
    isOver: (now) => isServing('1', now) && now.sha256 !== undefined,
    events: ['DownloadStarted', 'Downloaded', 'Serving'],
    patience: 60
  },
  {
    title: 'its source moves to version 2, which is downloaded beside the one that serves',
    act: async (stage) => { await ask(stage, await publish(stage, 2)) },
    isOver: (now, seen) => isServing('2', now) && seen.some(({ phase, answers }) => phase === 'Updating' && answers.join() === '1'),
    events: ['Updated'],
    patience: 60
  },
  {
    title: 'its source moves to version 3, whose bytes are not those that the SHA-256 promises',
    async act (stage) {
      const { uri } = await publish(stage, 3)
      await ask(stage, { uri, sha256: '0'.repeat(64) })
    },
    isOver: ({ phase, reason, error, answers, hadGap }) => phase === 'Ready' && reason === 'HashMismatch' && error !== undefined && answers.join() === '2' && !hadGap,
    events: ['DownloadFailed'],
    patience: 60
  }
]

export const mlModelAct: Act<ServingSnapshot> = {
  kind: 'ml-model',
  about: { kind: 'MLModel', name: NAME, path: PATH },
  watch: (stage) => watchServing(stage, `${NAME}-model`),
  lines: servingLines,
  chapters: CHAPTERS,
  moral: 'The story came true: version 2 took over without a gap, and version 3, which is not what it should be, never served.'
}
