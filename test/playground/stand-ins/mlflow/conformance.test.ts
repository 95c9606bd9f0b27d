// The MLflow stand-in answers a whole life in the registry as a real server did; see README.md here.
import { readFileSync } from 'node:fs'

import t from 'tap'

import { startMlflow } from '../../../../playground/stand-ins/mlflow/server.ts'
import { STORY, tell } from './story.ts'
import type { Told } from './story.ts'

t.test('every call is answered as MLflow 3.17.2 answers it', async t => {
  let time = 1_700_000_000_000
  const mlflow = await startMlflow({ now: () => time++ })
  t.teardown(async () => { await mlflow.close() })
  const expected = JSON.parse(readFileSync(new URL('expected-3.17.2.json', import.meta.url), 'utf8')) as Told[]
  const told = await tell(mlflow.url)
  t.equal(told.length, STORY.length)
  told.forEach((answer, i) => t.strictSame(answer, expected[i], answer.step))
})
