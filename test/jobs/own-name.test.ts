// The name that a model gives itself, and what is left of it where it is served by another one.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { dropOtherNames } from '../../jobs/download/own-name.ts'
import { tarGz } from './archives.ts'
import { serveContent } from './content-server.ts'
import { openVolume, sha256 } from './scene.ts'

const INPUT = 'input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]\n'

const rows: Array<{ name: string, file: string, given: string, want: string }> = [
  { name: 'another name is taken out', file: 'config.pbtxt', given: `name: "resnet_50"\nplatform: "onnxruntime_onnx"\n${INPUT}`, want: `\nplatform: "onnxruntime_onnx"\n${INPUT}` },
  { name: 'however it is written', file: 'config.pbtxt', given: `# name: "a"\nbackend: "x" name :\n  'resnet' # the model\n${INPUT}`, want: `# name: "a"\nbackend: "x"  # the model\n${INPUT}` },
  { name: 'the right one stays', file: 'config.pbtxt', given: `name: "churn"\n${INPUT}`, want: `name: "churn"\n${INPUT}` },
  { name: 'no name is none', file: 'config.pbtxt', given: INPUT, want: INPUT },
  { name: 'names of other things stay', file: 'config.pbtxt', given: 'parameters { key: "name: \\"a\\"" value: { string_value: "name: 1" } }\noutput < name: "y" >\nversion_policy: { latest { } }', want: 'parameters { key: "name: \\"a\\"" value: { string_value: "name: 1" } }\noutput < name: "y" >\nversion_policy: { latest { } }' },
  { name: 'what is no text of this format stays as it is', file: 'config.pbtxt', given: 'name: "churn', want: 'name: "churn' },
  { name: 'MLServer', file: 'model-settings.json', given: '{"name":"my_model","implementation":"mlserver_sklearn.SKLearnModel"}', want: '{\n  "name": "churn",\n  "implementation": "mlserver_sklearn.SKLearnModel"\n}' },
  { name: 'MLServer, without a name', file: 'model-settings.json', given: '{"implementation":"a.B"}', want: '{"implementation":"a.B"}' },
  { name: 'MLServer, and no settings', file: 'model-settings.json', given: '[null', want: '[null' },
  { name: 'a file of another name', file: 'other.pbtxt', given: 'name: "a"', want: 'name: "a"' }
]
for (const { name, file, given, want } of rows) {
  t.test(name, async (t) => {
    const { root } = openVolume(t)
    await writeFile(join(root, file), given)
    t.strictSame(await dropOtherNames(root, 'churn'), given === want ? [] : [file])
    t.equal(await readFile(join(root, file), 'utf8'), want)
    t.strictSame(await dropOtherNames(root, 'churn'), [], 'once is enough')
  })
}

t.test('a folder of that name is none of ours', async (t) => {
  const { root } = openVolume(t)
  await mkdir(join(root, 'config.pbtxt'))
  t.strictSame(await dropOtherNames(root, 'churn'), [])
})

t.test('a model that is downloaded has the name that it is served by, and the hash that it was sent with', async (t) => {
  const volume = openVolume(t)
  const archive = tarGz([{ path: 'resnet/config.pbtxt', content: 'name: "resnet"\n' }, { path: 'resnet/1/model.onnx', content: 'x' }])
  const server = await serveContent(t, { content: archive, arrived: volume.arrived }, {})
  const settings = { MODEL_URI: `${server.url}/m.tgz`, MODEL_UNPACK: 'true', MODEL_MUST_HOLD: 'config.pbtxt|1', MODEL_SHA256: sha256(archive) }
  t.match(await volume.download({ ...settings, MODEL_SERVED_AS: 'm' }), { result: { sha256: sha256(archive) } })
  t.strictSame(await volume.model(), { '1/model.onnx': 'x', 'config.pbtxt': '\n' })
})
