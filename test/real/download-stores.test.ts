// The program that downloads models, against a real MLflow, and stand-ins for S3 and Google Cloud Storage that others keep.
import { execFile } from 'node:child_process'
import { createServer, request } from 'node:http'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'
import { tarGz } from '../jobs/archives.ts'
import { startProgram, type Ended } from '../jobs/program.ts'
import { openVolume, sha256, type Volume } from '../jobs/scene.ts'
import { temporaryFolder } from '../helpers/servers/cut-off.ts'
import { describeMlflow } from '../helpers/servers/mlflow-prometheus.ts'
import { describeGoogleStorage, describeS3 } from '../helpers/servers/object-stores.ts'
import { findTools } from '../helpers/servers/tools.ts'

const FILES = { MLmodel: 'flavors: {}\n', 'data/weights 1.bin': 'w'.repeat(200) }
const TREE = sha256(Object.entries(FILES).map(([path, content]) => `${sha256(content)}  ${path}\n`).join(''))
const BYTES = Object.values(FILES).join('').length
const LARGE = 'x'.repeat(3_000_000)
const ARCHIVE = tarGz(Object.entries(FILES).map(([path, content]) => ({ path: `bank/${path}`, content })))
const KEYS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'hunter2-secret', AWS_DEFAULT_REGION: 'us-east-1' }

const tools = findTools(t)
if (tools) {
  const folder = temporaryFolder('stores')
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const [s3, google, mlflow] = [await describeS3(tools, folder), await describeGoogleStorage(tools, folder), await describeMlflow(tools, folder)]
  for (const server of [s3, google, mlflow]) t.teardown(() => server.stop())
  await Promise.all([s3.start(), google.start(), mlflow.start()])
  await Promise.all([fillS3(s3.url), fillGoogle(google.url)])
  const python = { python: tools.python, folder, server: mlflow.url }

  const run = async (t: Test, variables: Record<string, string>): Promise<{ ended: Ended, volume: Volume }> => {
    const volume = openVolume(t)
    return { ended: await startProgram(t, volume, variables).ended, volume }
  }
  const arrives = async (t: Test, variables: Record<string, string>, result: object = {}): Promise<void> => {
    const { ended: { code, message, log }, volume } = await run(t, variables)
    t.equal(code, 0, log)
    t.strictSame(JSON.parse(message), { uri: variables['MODEL_URI'], sha256: TREE, bytes: BYTES, files: 2, ...result })
    t.strictSame(await volume.model(), FILES)
    t.notMatch(log, /secret/)
  }
  const fails = async (t: Test, variables: Record<string, string>, reason: string, words: RegExp): Promise<void> => {
    const { ended: { code, message }, volume } = await run(t, variables)
    t.match({ code, ...JSON.parse(message) as object }, { code: 42, reason, message: words })
    t.equal(await volume.model(), undefined)
  }

  t.test('S3', async (t) => {
    const env = { ...KEYS, AWS_ENDPOINT_URL: s3.url }
    await t.test('a folder', async (t) => { await arrives(t, { MODEL_URI: 's3://models/bank', ...env }) })
    await t.test('the folder in it that the runtime looks for', async (t) => { await arrives(t, { MODEL_URI: 's3://models/nested/', MODEL_MUST_HOLD: 'MLmodel', MLFLOW_S3_ENDPOINT_URL: s3.url, ...KEYS }) })
    await t.test('an archive', async (t) => { await arrives(t, { MODEL_URI: 's3://models/bank.tar.gz', MODEL_UNPACK: 'true', MODEL_MUST_HOLD: 'MLmodel', MODEL_SHA256: sha256(ARCHIVE), ...env }, { sha256: sha256(ARCHIVE) }) })
    await t.test('a bucket that is public', async (t) => { await arrives(t, { MODEL_URI: 's3://models/public', AWS_ENDPOINT_URL_S3: s3.url }) })
    await t.test('more objects than a page lists', async (t) => {
      const { ended } = await run(t, { MODEL_URI: 's3://models/many', ...env })
      t.match(JSON.parse(ended.message), { files: 1001, bytes: 1001 })
    })
    await t.test('what is not there', async (t) => { await fails(t, { MODEL_URI: 's3://models/nothing', ...env }, 'NotFound', /s3:\/\/models\/nothing is neither an object nor a folder/) })
    await t.test('a bucket that is not there', async (t) => { await fails(t, { MODEL_URI: 's3://nobodys/x/', ...env }, 'NotFound', /NoSuchBucket/) })
    await t.test('a cut in the middle', async (t) => {
      const volume = openVolume(t)
      const front = await startCuttingFront(t, s3.url, volume)
      const { code, message, log } = await startProgram(t, volume, { MODEL_URI: 's3://models/large.bin', ...KEYS, AWS_ENDPOINT_URL: front.url }).ended
      t.equal(code, 0, log)
      t.match(JSON.parse(message), { sha256: sha256(LARGE), bytes: LARGE.length })
      t.match(front.ranges, [undefined, /^bytes=\d{5,}-$/])
    })
  })

  t.test('Google Cloud Storage', async (t) => {
    const env = { STORAGE_EMULATOR_HOST: google.url }
    await t.test('a folder', async (t) => { await arrives(t, { MODEL_URI: 'gs://models/bank', ...env }) })
    await t.test('an archive', async (t) => { await arrives(t, { MODEL_URI: 'gs://models/bank.tar.gz', MODEL_UNPACK: 'true', MODEL_MUST_HOLD: 'MLmodel', ...env }, { sha256: sha256(ARCHIVE) }) })
    await t.test('what is not there', async (t) => { await fails(t, { MODEL_URI: 'gs://models/nothing', ...env }, 'NotFound', /neither an object nor a folder/) })
  })

  t.test('MLflow', async (t) => {
    const { proxied, elsewhere } = await fillMlflow(python, s3.url)
    const env = { MLFLOW_TRACKING_URI: mlflow.url }
    const there = { ...env, ...KEYS, MLFLOW_S3_ENDPOINT_URL: s3.url }
    const rows: Array<[name: string, variables: Record<string, string>, result?: object]> = [
      ['a version', { MODEL_URI: 'models:/proxied/1', ...env }, { version: '1' }],
      ['a version that was registered from a run', { MODEL_URI: 'models:/proxied/2', ...env }, { version: '2' }],
      ['an alias', { MODEL_URI: 'models:/proxied@champion', ...env }, { uri: 'models:/proxied/1', version: '1' }],
      ['a logged model', { MODEL_URI: `models:/${proxied.model}`, ...env }],
      ['artifacts of a run', { MODEL_URI: `runs:/${proxied.run}/stuff`, ...env }],
      ['the model that a run logged, which lies elsewhere since MLflow 3', { MODEL_URI: `runs:/${proxied.run}/model`, ...env }],
      ['a place behind the proxy', { MODEL_URI: `${proxied.artifacts}/stuff`, ...env }],
      ['an alias of what lies in S3', { MODEL_URI: 'models:/elsewhere@champion', ...there }, { uri: 'models:/elsewhere/1', version: '1' }],
      ['a run whose artifacts lie in S3', { MODEL_URI: `runs:/${elsewhere.run}/stuff`, ...there }]
    ]
    for (const [name, variables, result] of rows) await t.test(name, async (t) => { await arrives(t, variables, result) })
    await t.test('an alias that nobody set', async (t) => { await fails(t, { MODEL_URI: 'models:/proxied@nobody', ...env }, 'NotFound', /knows no proxied@nobody/) })
    await t.test('a version that is not there', async (t) => { await fails(t, { MODEL_URI: 'models:/proxied/9', ...env }, 'NotFound', /version=9\) not found/) })
    await t.test('a path that is not there', async (t) => { await fails(t, { MODEL_URI: 'mlflow-artifacts:/no/thing', ...env }, 'NotFound', /No such artifact/) })
  })
}

async function fillS3 (endpoint: string): Promise<void> {
  const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1', credentials: { accessKeyId: 'key', secretAccessKey: 'secret' } })
  await client.send(new CreateBucketCommand({ Bucket: 'models' }))
  const put = (Key: string, Body: string | Buffer) => client.send(new PutObjectCommand({ Bucket: 'models', Key, Body, ...(Key.startsWith('public/') && { ACL: 'public-read' }) }))
  for (const [path, content] of Object.entries(FILES)) {
    await put(`bank/${path}`, content)
    await put(`nested/v1/${path}`, content)
    await put(`public/${path}`, content)
  }
  await put('bank/', '')
  await put('bank-other/x', 'not of this folder')
  await put('nested/README', 'beside the model')
  await put('bank.tar.gz', ARCHIVE)
  await put('large.bin', LARGE)
  for (let i = 0; i < 1001; i++) await put(`many/${i}`, 'x')
  client.destroy()
}

async function fillGoogle (url: string): Promise<void> {
  const put = async (name: string, body: string | Buffer<ArrayBuffer>): Promise<void> => {
    const answer = await fetch(`${url}/upload/storage/v1/b/models/o?uploadType=media&name=${encodeURIComponent(name)}`, { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body })
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`)
  }
  for (const [path, content] of Object.entries(FILES)) await put(`bank/${path}`, content)
  await put('bank.tar.gz', Buffer.from(ARCHIVE))
}

type Logged = { run: string, model: string, artifacts: string }

async function fillMlflow ({ python, folder, server }: { python: string, folder: string, server: string }, s3: string): Promise<{ proxied: Logged, elsewhere: Logged }> {
  const files = join(folder, 'files')
  for (const [path, content] of Object.entries(FILES)) {
    await mkdir(join(files, path, '..'), { recursive: true })
    await writeFile(join(files, path), content)
  }
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, MLFLOW_DISABLE_TELEMETRY: 'true', ...KEYS, MLFLOW_S3_ENDPOINT_URL: s3 }
  const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, 'log-model.py'), server, files, 's3://models/mlflow'], { env })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { proxied: Logged, elsewhere: Logged }
}

/** Passes everything on to a store, but cuts the first answer with an object in the middle. */
async function startCuttingFront (t: Test, target: string, volume: Volume): Promise<{ url: string, ranges: Array<string | undefined> }> {
  const ranges: Array<string | undefined> = []
  const server = createServer((asked, response) => {
    const onward = request(target + (asked.url ?? ''), { method: asked.method ?? 'GET', headers: asked.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      const isFirst = asked.method === 'GET' && ranges.push(asked.headers.range) === 1
      if (!isFirst) {
        answer.pipe(response)
        return
      }
      answer.once('data', (chunk: Buffer) => {
        answer.destroy()
        response.write(chunk)
        volume.arrived(chunk.length).then(() => response.destroy(), t.threw)
      })
    })
    onward.on('error', () => response.destroy())
    asked.pipe(onward)
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ranges }
}
