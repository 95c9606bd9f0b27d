// The workers, one a core. A worker that ends or falls silent is a finding itself: the batch it had has crashed or hangs.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Batch, Outcome } from './run-target.ts'

/** A batch that takes longer than this hangs; the slowest takes about a minute on a busy machine. */
const LONGEST_BATCH_MS = 15 * 60_000

/** Runs all batches, of one kind if it is named; stops at the first failure. `onOutcome` hears of each batch. */
export async function runBatches (batches: Batch[], kind: string | undefined, onOutcome: (outcome: Outcome) => void): Promise<void> {
  const waiting = [...batches]
  let failed = false
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { kind } })
    try {
      for (let batch = waiting.shift(); batch && !failed; batch = waiting.shift()) {
        const outcome = await perform(worker, batch)
        failed ||= outcome.failure !== undefined
        onOutcome(outcome)
        if (outcome.failure) return
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), batches.length) }, work))
}

async function perform (worker: Worker, batch: Batch): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const fail = (error: string) => resolve({ target: batch.target, runs: 0, counts: {}, failure: { target: batch.target, seed: batch.seed, path: '', error, counterexample: `somewhere in ${batch.runs} runs` } })
  const hang = setTimeout(() => fail('the batch hangs'), LONGEST_BATCH_MS)
  const onError = (error: Error) => fail(`the thread crashed: ${error.stack ?? error.message}`)
  const onExit = (code: number) => fail(`the thread ended with code ${code}`)
  worker.once('message', resolve).once('error', onError).once('exit', onExit)
  worker.postMessage(batch)
  const outcome = await promise
  clearTimeout(hang)
  worker.off('message', resolve).off('error', onError).off('exit', onExit)
  return outcome
}
