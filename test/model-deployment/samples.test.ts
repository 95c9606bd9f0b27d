// The samples for our own server, by that server's own rules: what its pods are told is what it takes.
import t from 'tap'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { EnvVar } from '../../hooks/core/schema.ts'
import { readSpec } from '../../hooks/core/spec.ts'
import { modelDeployment } from '../../hooks/model-deployment/index.ts'
import { makeServerTemplate } from '../../hooks/model-deployment/resources/server-template.ts'
import type { Spec } from '../../hooks/model-deployment/schema.ts'
import { isProblem, serverImage, wantedOf, type Request } from '../../hooks/model-deployment/wanted.ts'
import { readYaml } from '../helpers/scenarios.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const SAMPLES = path.join(ROOT, 'manifests/samples')

/** The server's settings: lines such as `    model_class: Annotated[str, Field(pattern=r"…")] = ""`. */
const settings = new Map([...readFileSync(path.join(ROOT, 'runtimes/fastapi-pytorch/fastapi_pytorch/settings.py'), 'utf8').matchAll(/^ {4}([a-z_0-9]+): (.+)$/gm)].map(([, name = '', rule = '']) => [name.toUpperCase(), rule]))

/** Whether the server takes the value; undefined for a variable that is none of its own. */
function isTaken (name: string, value: string): boolean | undefined {
  const rule = settings.get(name)
  if (rule === undefined) return undefined
  const pattern = /pattern=r?"([^"]+)"/.exec(rule)?.[1]
  if (pattern !== undefined) return new RegExp(pattern).test(value)
  const choices = /Literal\[(.+?)\]/.exec(rule)?.[1]
  if (choices !== undefined) return choices.split(', ').includes(JSON.stringify(value))
  return /^Annotated\[(int|float)/.test(rule) ? Number.isFinite(Number(value)) : true
}

t.test('the rules are read', async (t) => {
  t.strictSame(['MODEL_CLASS', 'PORT', 'MODEL_SHA256', 'DTYPE'].map((name) => settings.has(name)), [true, true, true, true])
  t.strictSame([isTaken('MODEL_CLASS', 'prices.Model'), isTaken('MODEL_CLASS', 'prices.model:Prices'), isTaken('PORT', 'tcp://10.0.0.1:80'), isTaken('DTYPE', 'int8'), isTaken('API_KEY', 'x')], [false, true, false, false, undefined])
})

for (const file of readdirSync(SAMPLES).filter((name) => name.startsWith('model-deployment'))) {
  const sample = readYaml(path.join(SAMPLES, file)) as { metadata: { name: string }, spec: object }
  const { spec, problems } = readSpec(modelDeployment, sample.spec) as unknown as { spec: Spec, problems: unknown[] }
  t.test(`${file} is right, and its server takes what it is told`, async (t) => {
    t.strictSame(problems, [])
    const request = { parent: { apiVersion: '', kind: 'ModelDeployment', metadata: { ...sample.metadata, uid: 'u' }, spec }, children: {}, related: {} } as unknown as Request
    const wanted = wantedOf(request)
    if (isProblem(wanted)) return t.fail(wanted.message)
    const found = { uri: spec.modelURI, sha256: 'a'.repeat(64), bytes: 7 }
    const template = makeServerTemplate(request, wanted, { id: '0123456789', found }, serverImage(spec, undefined))
    const { env = [], ports } = template.spec.containers[0] as { env?: EnvVar[], ports: Array<{ name: string, containerPort: number }> }
    const told = Object.fromEntries(env.map(({ name, value }) => [name, value]))
    t.equal(told.MODEL_VERSION, spec.version || undefined)
    if (spec.runtime !== 'fastapi-pytorch') return
    t.strictSame(env.filter(({ name, value }) => isTaken(name, value ?? '') === false), [])
    t.equal(told.PORT, String(ports.find(({ name }) => name === 'http')?.containerPort), 'it listens where it is asked')
    t.equal(told.MODEL_SHA256, found.sha256)
    t.equal('MODEL_CLASS' in told, spec.modelURI.endsWith('.safetensors'), 'weights without code have their class named')
  })
}
