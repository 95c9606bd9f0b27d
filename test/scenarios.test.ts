// Runs every golden life story and compares the whole answer. UPDATE=1 rewrites want.yaml; the reviewer reads the difference.
import t from 'tap'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'
import { answerSync } from '../hooks/core/answer.ts'
import { deepFreeze } from './helpers/deep-freeze.ts'
import { findScenarios, readYaml } from './helpers/scenarios.ts'

for (const { kind, name, folder, input } of findScenarios()) {
  t.test(`${kind.resource.kind} ${name}`, async (t) => {
    const file = path.join(folder, 'want.yaml')
    const answer = answerSync(kind, deepFreeze(input))
    if (process.env.UPDATE === '1') writeFileSync(file, stringify(answer, { aliasDuplicateObjects: false, lineWidth: 0 }))
    t.ok(existsSync(file), 'has an answer; UPDATE=1 writes it')
    t.strictSame(JSON.parse(JSON.stringify(answer)), readYaml(file))
  })
}
