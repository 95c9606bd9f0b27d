// All targets.
import { hostileObjects, rollouts, schemaObjects } from './hooks/pure.ts'
import { httpCalls } from './hooks/http-calls.ts'
import { largeBodies } from './hooks/large-bodies.ts'
import { rawSockets } from './hooks/raw-sockets.ts'
import { configurationFiles } from './poller/configuration-files.ts'
import { deliveries } from './poller/deliveries.ts'
import { longTexts } from './poller/long-texts.ts'
import { prometheusAnswers } from './poller/prometheus-answers.ts'
import { registryAnswers } from './poller/registry-answers.ts'
import { watchStreams } from './poller/watch-streams.ts'
import type { Target } from './target.ts'

export const targets: Target[] = [
  rollouts, hostileObjects, schemaObjects, httpCalls, largeBodies, rawSockets,
  registryAnswers, prometheusAnswers, watchStreams, deliveries, configurationFiles, longTexts
]
