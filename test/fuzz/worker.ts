// A thread that runs batches. Nothing of the code under test may end it, or reject where nobody looks.
import { parentPort, workerData } from 'node:worker_threads'
import { chooseKind } from './inputs/goldens.ts'
import { runTarget, type Batch } from './run-target.ts'
import { targets } from './targets.ts'

chooseKind((workerData as { kind?: string }).kind)

parentPort?.on('message', (batch: Batch) => {
  const target = targets.find(({ name }) => name === batch.target)
  if (!target) throw new Error(`there is no target ${batch.target}`)
  runTarget(target, batch).then((outcome) => parentPort?.postMessage(outcome), (error: unknown) => { throw error })
})
