// The whole loop: real hooks and a real poller as processes, over HTTP, around the in-memory API server, with stand-ins for MLflow, Prometheus and
// Seldon. What the router really applies is watched all the while (helpers/loop/invariants.ts). Mostly the loop waits, so everything goes on at once.
import t from 'tap'
import { tellOfTrouble } from './loop/faults.ts'
import { tellStories } from './loop/stories.ts'

t.setTimeout(110_000)
t.jobs = 2

t.test('an MlflowModel goes through its life', { buffered: true }, tellStories)
t.test('the loop goes through trouble with MLflow and Prometheus', { buffered: true }, tellOfTrouble)
