// The act of the MlflowModel: a good version is promoted step by step, a bad one is rolled back.
import { fileURLToPath } from 'node:url'
import type { Act } from './act.ts'
import { changesBetween } from './lines.ts'
import { drawPanel } from './panel.ts'
import { snapshotOf, type Snapshot } from './snapshot.ts'
import { CHAPTERS, MODEL } from './story.ts'

const SAMPLE = fileURLToPath(new URL('../../manifests/samples/mlflow-model-demo.yaml', import.meta.url))

export const mlflowModelAct: Act<Snapshot> = {
  kind: 'mlflow-model',
  about: { kind: 'MlflowModel', name: MODEL, path: `/apis/sluice.dev/v1alpha1/namespaces/models/mlflowmodels/${MODEL}` },
  watch: () => ({ look: snapshotOf, draw: drawPanel, end () {} }),
  lines: changesBetween,
  chapters: CHAPTERS.map((chapter) => ({
    ...chapter,
    async act ({ system, registry }) {
      await chapter.act(registry)
      // Once the alias is there; loading it again changes nothing.
      system.api.load([SAMPLE])
    }
  })),
  moral: 'The story came true: version 2 was promoted step by step, version 3 was stopped and rolled back, and nobody touched a pod.'
}
