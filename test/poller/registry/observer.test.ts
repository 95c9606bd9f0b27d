import { Value } from '@sinclair/typebox/value'
import t, { type Test } from 'tap'
import { formatFact, RegistryFact } from '../../../hooks/core/facts.ts'
import { FACTS } from '../../../hooks/core/labels.ts'
import { API_VERSION } from '../../../hooks/core/kind.ts'
import { Spec } from '../../../hooks/mlflow-model/schema.ts'
import { startMlflow } from '../../../playground/stand-ins/mlflow/server.ts'
import { HTML_500, HEALTHY } from '../../../playground/stand-ins/faults.ts'
import type { Model } from '../../../poller/model.ts'
import type { ObjectFact } from '../../../poller/registry/agenda.ts'
import { parseRegistryConfig } from '../../../poller/registry/config.ts'
import { createRegistryObserver, type RegistryObserverOptions, type RoundReport } from '../../../poller/registry/observer.ts'
import { sendJson, startServer } from '../../helpers/local-server.ts'

const START = 1_800_000_000
const AT = (seconds: number) => new Date((START + seconds) * 1000).toISOString().replace('.000Z', 'Z')
const CREATED = '2026-01-01T00:00:00.123Z'

type Wish = { name?: string, uid?: string, namespace?: string, spec?: object, fact?: object }

function makeModel ({ name = 'churn', namespace = 'bank', uid = name, spec = {}, fact }: Wish = {}): Model {
  return {
    apiVersion: API_VERSION,
    kind: 'MlflowModel',
    metadata: { name, namespace, uid, ...(fact ? { annotations: { [FACTS.registry]: JSON.stringify(fact) } } : {}) },
    spec: Value.Default(Spec, { modelName: name, modelAlias: 'champion', ...spec }) as Spec
  }
}

/** A world of one observer, without replicas unless an entry says so: time stands still unless `pass` moves it; `look` also writes the facts, as the loop does. */
function makeWorld (t: Test, registries: Record<string, object>, models: Model[], options: Partial<RegistryObserverOptions> = {}) {
  let seconds = START
  const rounds: RoundReport[] = []
  const logs: string[] = []
  const observer = createRegistryObserver({
    registries: Object.fromEntries(Object.entries(registries).map(([name, value]) => [name, parseRegistryConfig({ replicaLag: '0s', ...value }, name)])),
    now: () => seconds,
    monotonic: () => seconds * 1000,
    random: () => 0,
    logger: { debug () {}, info: (_fields, message) => logs.push(message), warn: (_fields, message) => logs.push(message) },
    metrics: { onRound: (report) => rounds.push(report) },
    resilience: { retries: 0, breakAfter: 1000 },
    ...options
  })
  t.teardown(() => observer.close())
  return {
    observer,
    rounds,
    logs,
    models,
    pass (by: number) { seconds += by },
    async look (): Promise<ObjectFact[]> {
      const facts = await observer.observe(models)
      for (const { uid, fact } of facts) {
        const model = models.find(({ metadata }) => metadata.uid === uid)!
        model.metadata.annotations = { ...model.metadata.annotations, [FACTS.registry]: formatFact(fact) }
        t.ok(Value.Check(RegistryFact, fact), 'the fact has the shape that hooks expect')
      }
      return facts
    }
  }
}

async function startStandIn (t: Test, models: string[] = ['churn'], now = () => Date.parse(CREATED)) {
  const mlflow = await startMlflow({ now })
  t.teardown(() => mlflow.close())
  for (const name of models) {
    mlflow.registry().createModel(name)
    for (const version of ['1', '2']) mlflow.registry().createVersion(name, { source: `s3://b/${name}/${version}`, runId: `r${version}` })
    mlflow.registry().setAlias(name, 'champion', '1')
  }
  return mlflow
}

const asked = { server: 'default', workspace: '', model: 'churn', alias: 'champion' }
const factOf = (version: string, seconds: number): RegistryFact => ({ ...asked, state: 'Found', version, createdAt: CREATED, uri: `s3://b/churn/${version}`, runId: `r${version}`, observedAt: AT(seconds) })
const onlyFacts = (facts: ObjectFact[]) => facts.map(({ fact }) => fact)

t.test('the life of an alias', async (t) => {
  let registryTime = Date.parse(CREATED)
  const mlflow = await startStandIn(t, ['churn'], () => registryTime)
  const registry = mlflow.registry()
  const world = makeWorld(t, { default: { url: mlflow.url } }, [makeModel()])

  t.strictSame(await world.look(), [{ uid: 'churn', namespace: 'bank', name: 'churn', fact: factOf('1', 0) }], 'first seen')
  t.strictSame(await world.look(), [], 'nothing is due')
  t.equal(world.observer.nextDue(), 60_000)

  world.pass(60)
  t.equal(world.observer.nextDue(), 0)
  const calls = mlflow.calls.length
  t.strictSame(await world.look(), [], 'nothing has changed')
  t.equal(mlflow.calls.length - calls, 1, 'one read; the version is remembered')

  registry.setAlias('churn', 'champion', '2')
  world.pass(60)
  t.strictSame(onlyFacts(await world.look()), [factOf('2', 120)], 'moved')

  registry.deleteAlias('churn', 'champion')
  world.pass(60)
  t.strictSame(onlyFacts(await world.look()), [{ ...asked, state: 'AliasMissing', observedAt: AT(180) }], 'removed')

  registry.deleteModel('churn')
  world.pass(60)
  t.strictSame(onlyFacts(await world.look()), [{ ...asked, state: 'ModelMissing', observedAt: AT(240) }], 'gone with its model')

  registryTime += 1000
  registry.createModel('churn')
  registry.createVersion('churn', { source: 's3://b/new/1' })
  registry.setStatus('churn', '1', 'PENDING_REGISTRATION')
  registry.setAlias('churn', 'champion', '1')
  world.pass(60)
  t.match(onlyFacts(await world.look()), [{ state: 'NotReady', version: '1', problem: /PENDING_REGISTRATION/ }], 'created anew, not ready')

  registry.setStatus('churn', '1', 'READY')
  world.pass(60)
  t.match(onlyFacts(await world.look()), [{ state: 'Found', version: '1', uri: 's3://b/new/1' }], 'the old version 1 is not taken for the new one')
})

t.test('an alias that moved away and back between two looks is no change', async (t) => {
  const mlflow = await startStandIn(t)
  const world = makeWorld(t, { default: { url: mlflow.url } }, [makeModel()])
  await world.look()
  mlflow.registry().setAlias('churn', 'champion', '2')
  mlflow.registry().setAlias('churn', 'champion', '1')
  world.pass(60)
  t.strictSame(await world.look(), [])
})

t.test('what the annotation says before', async (t) => {
  const rows: Array<{ name: string, fact: object, want: number }> = [
    { name: 'the same: no write, whatever observedAt', fact: { ...factOf('1', -86_400) }, want: 0 },
    { name: 'another version, forged or old: rewritten', fact: factOf('2', -10), want: 1 },
    { name: 'no fact at all: rewritten', fact: { hello: 1 }, want: 1 },
    { name: 'an instant in the future: rewritten, for hooks take it for time', fact: factOf('1', 86_400), want: 1 },
    { name: 'stale: rewritten', fact: { ...factOf('1', -10), stale: true }, want: 1 },
    { name: 'about another alias: rewritten', fact: { ...factOf('1', -10), alias: 'other' }, want: 1 }
  ]
  for (const { name, fact, want } of rows) {
    t.test(name, async (t) => {
      const mlflow = await startStandIn(t)
      const world = makeWorld(t, { default: { url: mlflow.url } }, [makeModel({ fact })])
      t.strictSame(onlyFacts(await world.look()), Array.from({ length: want }, () => factOf('1', 0)))
      t.strictSame(await world.look(), [])
    })
  }

  t.test('a forgery between two looks is undone without asking the registry', async (t) => {
    const mlflow = await startStandIn(t)
    const world = makeWorld(t, { default: { url: mlflow.url } }, [makeModel()])
    await world.look()
    world.models[0]!.metadata.annotations![FACTS.registry] = JSON.stringify(factOf('2', 0))
    const calls = mlflow.calls.length
    world.pass(1)
    t.strictSame(onlyFacts(await world.look()), [factOf('1', 0)])
    t.equal(mlflow.calls.length, calls)
  })

  t.test('a fact that was not written is given again', async (t) => {
    const mlflow = await startStandIn(t)
    const world = makeWorld(t, { default: { url: mlflow.url } }, [makeModel()])
    const facts = await world.observer.observe(world.models)
    world.pass(5)
    t.strictSame(await world.observer.observe(world.models), facts)
  })
})

t.test('a registry that does not answer', async (t) => {
  const mlflow = await startStandIn(t)
  const world = makeWorld(t, { default: { url: mlflow.url } }, [makeModel()])
  await world.look()
  const seen: RegistryFact[][] = []
  mlflow.setFault(HTML_500)
  for (let minute = 1; minute <= 7; minute++) {
    world.pass(60)
    seen.push(onlyFacts(await world.look()))
  }
  t.strictSame(seen, [[], [], [], [], [], [{ ...factOf('1', 0), stale: true }], []], 'is marked once, five minutes after its first silence')
  t.strictSame(world.logs, ['registry left objects without an answer'])
  t.match(world.rounds.at(-1), { failed: { Unreachable: 1 }, problem: /default: registered-models\/get: answered 500: 500 Internal Server Error/ })

  mlflow.setFault(HEALTHY)
  world.pass(60)
  t.strictSame(onlyFacts(await world.look()), [factOf('1', 480)], 'and is not stale when it answers again')
  t.strictSame(world.logs, ['registry left objects without an answer', 'registry answers again'])
})

t.test('silence', async (t) => {
  t.test('of a registry that was never heard is told on the object, once, after the second look', async (t) => {
    const mlflow = await startStandIn(t)
    mlflow.setAllowedHosts(['mlflow.example'])
    const world = makeWorld(t, { default: { url: mlflow.url } }, [makeModel()])
    const seen: RegistryFact[][] = []
    for (let minute = 0; minute < 8; minute++) {
      seen.push(onlyFacts(await world.look()))
      world.pass(60)
    }
    const problem = "it refuses the Host header of the poller; set MLFLOW_SERVER_ALLOWED_HOSTS on the MLflow server, or host in registries.default of the poller's configuration"
    t.strictSame(seen, [[], [{ ...asked, state: 'Unreachable', problem, observedAt: AT(60) }], [], [], [], [], [], []])

    const [model] = world.models
    const restarted = makeWorld(t, { default: { url: mlflow.url } }, [model!])
    t.strictSame(await restarted.look(), [], 'a restart does not take it back')
    mlflow.setAllowedHosts(['127.0.0.1:*'])
    restarted.pass(60)
    t.strictSame(onlyFacts(await restarted.look()), [factOf('1', 60)], 'the first answer does')
  })

  t.test('after a restart of the poller marks what the object carries', async (t) => {
    const mlflow = await startStandIn(t)
    await mlflow.stop()
    const world = makeWorld(t, { default: { url: mlflow.url } }, [makeModel({ fact: factOf('1', -600) })])
    const seen: RegistryFact[] = []
    for (let minute = 0; minute < 8; minute++) {
      seen.push(...onlyFacts(await world.look()))
      world.pass(60)
    }
    t.strictSame(seen, [{ ...factOf('1', -600), stale: true }])
  })

  t.test('does not mark what was about another alias: of this one nothing was ever heard', async (t) => {
    const mlflow = await startStandIn(t)
    await mlflow.stop()
    const world = makeWorld(t, { default: { url: mlflow.url } }, [makeModel({ fact: { ...factOf('1', -600), alias: 'other' } })])
    const seen: RegistryFact[] = []
    for (let minute = 0; minute < 8; minute++) {
      seen.push(...onlyFacts(await world.look()))
      world.pass(60)
    }
    t.match(seen, [{ ...asked, state: 'Unreachable', problem: /ECONNREFUSED/ }])
    t.equal(seen.length, 1)
  })

  t.test('of one registry does not hold up another', async (t) => {
    const mlflow = await startStandIn(t)
    const dumb = await startServer(t, () => {})
    const world = makeWorld(t, { default: { url: mlflow.url }, dumb: { url: dumb.url } }, [makeModel({ uid: 'a', spec: { registry: 'dumb' } }), makeModel({ uid: 'b' })], { patience: 50 })
    t.strictSame((await world.look()).map(({ uid }) => uid), ['b'])
    t.equal(world.observer.nextDue(), 1000, 'comes back for what is late')
  })
})

t.test('a spec that changes is asked for at once', async (t) => {
  const mlflow = await startStandIn(t)
  mlflow.registry().setAlias('churn', 'next', '2')
  const world = makeWorld(t, { default: { url: mlflow.url } }, [makeModel()])
  await world.look()
  world.models[0]!.spec = { ...world.models[0]!.spec, modelAlias: 'next' }
  t.strictSame(onlyFacts(await world.look()), [{ ...factOf('2', 0), alias: 'next' }])
  world.models[0]!.spec = { ...world.models[0]!.spec, monitoringInterval: 40 }
  await world.look()
  t.equal(world.observer.nextDue(), 40_000, 'a shorter interval counts at once')
})

t.test('a hint', async (t) => {
  const mlflow = await startStandIn(t, ['churn', 'other'])
  const world = makeWorld(t, { default: { url: mlflow.url } }, [makeModel(), makeModel({ name: 'other' })])
  await world.look()
  mlflow.registry().setAlias('churn', 'champion', '2')
  world.observer.hint('churn')
  t.equal(world.observer.nextDue(), 1000, 'of what was just looked at waits until a second has passed')
  world.pass(1)
  const calls = mlflow.calls.length
  t.strictSame(onlyFacts(await world.look()), [factOf('2', 1)])
  t.ok(mlflow.calls.slice(calls).every((call) => call.includes('churn')), 'only the model that it names is asked for')
  world.observer.hint('unknown')
  t.ok(world.observer.nextDue() > 1000)
  world.observer.hint()
  t.equal(world.observer.nextDue(), 100, 'without a name it is for all, and waits a moment for others')
  world.pass(0.08)
  world.observer.hint('other')
  t.ok(Math.abs(world.observer.nextDue() - 20) < 1, 'and no longer for having been given again')
})

t.test('objects that follow one model share its reads', async (t) => {
  const mlflow = await startStandIn(t)
  mlflow.registry().setAlias('churn', 'next', '2')
  const world = makeWorld(t, { default: { url: mlflow.url } }, [makeModel({ uid: 'a' }), makeModel({ uid: 'b', spec: { modelAlias: 'next' } }), makeModel({ uid: 'c' })])
  t.strictSame((await world.look()).map(({ uid, fact }) => [uid, fact.version]), [['a', '1'], ['b', '2'], ['c', '1']])
  t.equal(mlflow.calls.filter((call) => call.includes('registered-models/get')).length, 1)
})

t.test('who may not use an entry is told so at once, and no answer of before stays in force', async (t) => {
  const mlflow = await startStandIn(t)
  const world = makeWorld(t, { default: { url: mlflow.url, namespaces: ['bank'], workspaces: [''] } }, [
    makeModel({ uid: 'a', namespace: 'shop', fact: factOf('2', -10) }),
    makeModel({ uid: 'b', spec: { workspace: 'secret' } }),
    makeModel({ uid: 'c', spec: { registry: 'nowhere' } }),
    makeModel({ uid: 'd' })
  ])
  const refused = (changes: object, problem: RegExp) => ({ ...asked, state: 'Refused', problem, observedAt: AT(0), ...changes })
  t.match(await world.look(), [
    { uid: 'd', fact: { state: 'Found' } },
    { uid: 'a', fact: refused({}, /^objects in namespace shop may not use registry default; ask its owner to add the namespace to registries.default.namespaces$/) },
    { uid: 'b', fact: refused({ workspace: 'secret' }, /^objects in namespace bank may not use workspace secret of registry default/) },
    { uid: 'c', fact: refused({ server: 'nowhere' }, /^there is no registry nowhere; name an MLflow object, or an entry of the poller's configuration, in spec.registry$/) }
  ])
  t.strictSame(await world.look(), [], 'once')
  t.strictSame(world.observer.refusals().map(({ uid, reason }) => [uid, reason]), [['a', 'NamespaceNotAllowed'], ['b', 'WorkspaceNotAllowed'], ['c', 'UnknownRegistry']])
  t.ok(mlflow.calls.every((call) => !call.includes('secret')))

  const restarted = makeWorld(t, { default: { url: mlflow.url, namespaces: ['bank'], workspaces: [''] } }, world.models)
  restarted.pass(60)
  t.strictSame(await restarted.look(), [], 'nor again after a restart')
  const allowed = makeWorld(t, { default: { url: mlflow.url } }, world.models.slice(0, 1))
  t.strictSame(onlyFacts(await allowed.look()), [factOf('1', 0)], 'who may use it later gets an answer')
})

t.test('where the artifacts of a proxied version are, only the entry can tell', async (t) => {
  const mlflow = await startStandIn(t)
  mlflow.registry().createVersion('churn', { source: 'mlflow-artifacts:/3' })
  mlflow.registry().setAlias('churn', 'champion', '3')
  const unsaid = makeWorld(t, { default: { url: mlflow.url } }, [makeModel()])
  t.match(onlyFacts(await unsaid.look()), [{ version: '3', problem: /set artifactsDestination/ }])
  const said = makeWorld(t, { default: { url: mlflow.url, artifactsDestination: 's3://d' } }, [makeModel()])
  const [fact] = onlyFacts(await said.look())
  t.strictSame([fact?.uri, fact?.problem], ['s3://d/3', undefined])
})

t.test('objects that are being deleted are left alone', async (t) => {
  const mlflow = await startStandIn(t)
  const model = makeModel()
  model.metadata.deletionTimestamp = AT(0)
  t.strictSame(await makeWorld(t, { default: { url: mlflow.url } }, [model]).look(), [])
  t.strictSame(mlflow.calls, [])
})

t.test('a scan', async (t) => {
  const names = Array.from({ length: 110 }, (_, i) => `m${String(i).padStart(3, '0')}`)

  t.test('reads many models by pages, and asks directly for those that it did not see', async (t) => {
    const mlflow = await startStandIn(t, names)
    const world = makeWorld(t, { default: { url: mlflow.url, pageSize: 30 } }, [...names, 'absent'].map((name) => makeModel({ name })))
    const facts = await world.look()
    t.equal(facts.filter(({ fact }) => fact.state === 'Found').length, 110)
    t.match(facts.find(({ name }) => name === 'absent')?.fact, { state: 'ModelMissing' })
    const calls = Map.groupBy(mlflow.calls, (call) => /mlflow\/([^?]*)/.exec(call)![1]!)
    t.equal(calls.get('registered-models/search')?.length, 4)
    t.ok(calls.get('registered-models/get')?.every((call) => call.includes('absent')))

    world.pass(60)
    const before = mlflow.calls.length
    t.strictSame(await world.look(), [])
    t.strictSame(mlflow.calls.slice(before).map((call) => /mlflow\/([^?]*)/.exec(call)![1]!), [...Array.from({ length: 4 }, () => 'registered-models/search'), 'registered-models/get'], 'a steady state costs the pages and one read')
  })

  t.test('does not believe that a model is gone which a shifting page left out, or an alias that it does not show', async (t) => {
    const mlflow = await startStandIn(t, names)
    const server = await startServer(t, async (response, { url }) => {
      const answer = await fetch(mlflow.url + url)
      const body = await answer.json() as { registered_models?: Array<{ name: string, aliases?: unknown }> }
      if (url.includes('registered-models/search')) {
        body.registered_models = body.registered_models!.filter(({ name }) => name !== 'm007').map((model) => model.name === 'm008' ? { ...model, aliases: undefined } : model)
      }
      sendJson(response, body, answer.status)
    })
    const world = makeWorld(t, { default: { url: server.url } }, names.map((name) => makeModel({ name })))
    const facts = await world.look()
    t.strictSame(new Set(facts.map(({ fact }) => fact.state)), new Set(['Found']))
    t.equal(facts.length, 110)
  })

  t.test('that breaks off keeps what its first pages had', async (t) => {
    const mlflow = await startStandIn(t, names)
    const server = await startServer(t, async (response, { url }) => {
      if (url.includes('page_token')) return sendJson(response, { error_code: 'INTERNAL_ERROR', message: 'gone' }, 500)
      const answer = await fetch(mlflow.url + url)
      sendJson(response, await answer.json(), answer.status)
    })
    const world = makeWorld(t, { default: { url: server.url, pageSize: 100 } }, names.map((name) => makeModel({ name })))
    t.equal((await world.look()).length, 100)
    t.match(world.rounds[0], { kind: 'Scan', objects: 110, failed: { Unreachable: 10 } })
  })

  t.test('ends when the server gives the same page again and again', async (t) => {
    const server = await startServer(t, (response) => sendJson(response, { registered_models: [{ name: 'x' }], next_page_token: 'same' }))
    const world = makeWorld(t, { default: { url: server.url } }, names.map((name) => makeModel({ name })))
    t.strictSame(await world.look(), [])
    t.match(world.rounds[0], { failed: { BadAnswer: 110 } })
    t.equal(server.asked.length, 2)
  })
})

t.test('objects at rest', async (t) => {
  /** A registry at rest that is asked about these objects for so many minutes, each time that something is due. */
  async function rest (t: Test, { models, registered, minutes }: { models: Model[], registered: number, minutes: number }) {
    const all = Array.from({ length: registered }, (_, i) => ({ name: `m${i}`, creation_timestamp: 100, aliases: [{ alias: 'champion', version: '1' }], latest_versions: [{ name: `m${i}`, version: '1', creation_timestamp: Date.parse(CREATED), run_id: 'r1' }] }))
    const server = await startServer(t, (response, { url }) => {
      const query = new URL(url, 'http://x').searchParams
      if (url.includes('download-uri')) return sendJson(response, { artifact_uri: `s3://b/${query.get('name')}/1` })
      if (url.includes('registered-models/get')) return sendJson(response, { registered_model: all.find(({ name }) => name === query.get('name')) })
      const from = Number(query.get('page_token') ?? 0)
      const next = from + Number(query.get('max_results'))
      sendJson(response, { registered_models: all.slice(from, next), ...(next < registered && { next_page_token: String(next) }) })
    })
    const world = makeWorld(t, { default: { url: server.url, pageSize: 50 } }, models, { random: Math.random })
    await world.look()
    const asked = server.asked.length
    let facts = 0
    for (let left = minutes * 60; left > 0;) {
      const wait = Math.max(0.1, world.observer.nextDue() / 1000)
      world.pass(wait)
      left -= wait
      facts += (await world.look()).length
    }
    return { requests: server.asked.length - asked, facts, rounds: world.rounds.slice(1) }
  }

  t.test('that are looked at together stay together: an interval costs one scan, however long it goes on', async (t) => {
    const { requests, facts, rounds } = await rest(t, { models: Array.from({ length: 150 }, (_, i) => makeModel({ name: `m${i}` })), registered: 150, minutes: 20 })
    t.equal(facts, 0, 'and nothing is written')
    t.ok(rounds.length >= 18 && rounds.length <= 20, `${rounds.length} rounds in 20 minutes, where intervals are up to a tenth longer than a minute`)
    t.equal(requests, 3 * rounds.length, 'three pages each')
    t.ok(rounds.every(({ kind, objects }) => kind === 'Scan' && objects === 150))
  })

  t.test('that came at other times, or have other intervals, are taken along by a scan', async (t) => {
    const models = Array.from({ length: 150 }, (_, i) => makeModel({ name: `m${i}`, spec: { monitoringInterval: i % 3 === 0 ? 300 : 60 } }))
    const { requests, rounds } = await rest(t, { models, registered: 150, minutes: 10 })
    t.equal(requests, 3 * rounds.length)
    t.ok(rounds.every(({ objects }) => objects === 150))
  })
})

t.test('a replica that lags behind', async (t) => {
  let answer = { updated: 200, version: '2' }
  const server = await startServer(t, (response, { url }) => {
    const version = new URL(url, 'http://x').searchParams.get('version')
    if (url.includes('download-uri')) return sendJson(response, { artifact_uri: `s3://b/churn/${version}` })
    if (url.includes('model-versions/get')) return sendJson(response, { model_version: { name: 'churn', version, creation_timestamp: Date.parse(CREATED), status: 'READY', run_id: `r${version}` } })
    sendJson(response, { registered_model: { name: 'churn', creation_timestamp: 100, last_updated_timestamp: answer.updated, aliases: [{ alias: 'champion', version: answer.version }] } })
  })
  const world = makeWorld(t, { default: { url: server.url } }, [makeModel()])
  t.strictSame(onlyFacts(await world.look()), [factOf('2', 0)])
  answer = { updated: 110, version: '1' }
  for (let i = 0; i < 3; i++) {
    world.pass(60)
    t.strictSame(await world.look(), [], 'is not followed')
  }
  world.pass(60)
  t.strictSame(onlyFacts(await world.look()), [factOf('1', 240)], 'until it is clear that the registry itself went back')
})

t.test('a replica that shows where an alias was before', async (t) => {
  const mlflow = await startStandIn(t)
  const replica = await startStandIn(t)
  replica.registry().setAlias('churn', 'champion', '1')
  mlflow.registry().setAlias('churn', 'champion', '2')
  let target = mlflow
  const server = await startServer(t, async (response, { url }) => { sendJson(response, await (await fetch(`${target.url}${url}`)).json()) })
  const world = makeWorld(t, { default: { url: server.url, replicaLag: '30s' } }, [makeModel({ fact: factOf('1', -60) })])
  t.strictSame(onlyFacts(await world.look()), [factOf('2', 0)], 'a newer version is told at once')
  target = replica
  world.pass(60)
  t.strictSame(await world.look(), [], 'what was before is not told')
  t.equal(world.observer.nextDue(), 5_000, 'but asked for again soon')
  t.match(world.rounds.at(-1), { doubted: 1 })
  target = mlflow
  world.pass(5)
  t.strictSame(await world.look(), [])
  t.equal(world.observer.nextDue(), 60_000, 'and then no more')

  t.test('a person who goes back is followed', async (t) => {
    mlflow.registry().setAlias('churn', 'champion', '1')
    world.pass(60)
    // It has contradicted itself once, so it has to say it for a lag.
    for (let seconds = 0; seconds < 30; seconds += 5) {
      t.strictSame(await world.look(), [])
      world.pass(5)
    }
    t.strictSame(onlyFacts(await world.look()), [factOf('1', 155)])
  })
})

t.test('a version that is gone from under its alias is not ready, and not an alias that is missing', async (t) => {
  const server = await startServer(t, (response, { url }) => {
    if (url.includes('model-versions')) return sendJson(response, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'Model Version (name=churn, version=9) not found' }, 404)
    sendJson(response, { registered_model: { name: 'churn', creation_timestamp: 100, aliases: [{ alias: 'champion', version: '9' }] } })
  })
  const world = makeWorld(t, { default: { url: server.url } }, [makeModel()])
  t.strictSame(onlyFacts(await world.look()), [{ ...asked, state: 'NotReady', version: '9', problem: 'version 9 does not exist any more; move the alias to one that does', observedAt: AT(0) }])
})

t.test('an alias that vanishes from one answer is confirmed by another', async (t) => {
  const server = await startServer(t, (response, { url }) => {
    const version = { name: 'churn', version: '1', creation_timestamp: Date.parse(CREATED), status: 'READY', run_id: 'r1' }
    if (url.includes('download-uri')) return sendJson(response, { artifact_uri: 's3://b/churn/1' })
    if (url.includes('registered-models/alias') || url.includes('model-versions/get')) return sendJson(response, { model_version: version })
    sendJson(response, { registered_model: { name: 'churn', creation_timestamp: 100 } })
  })
  const world = makeWorld(t, { default: { url: server.url } }, [makeModel({ fact: factOf('1', -60) })])
  t.strictSame(await world.look(), [])
})

t.test('a token of the reader\'s service account is sent when the entry says so', async (t) => {
  const server = await startServer(t, (response) => sendJson(response, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'Registered Model with name=churn not found' }, 404))
  const requests: object[] = []
  const kubernetesAuth = { serviceAccount: 'reader', namespace: 'mlflow' }
  const world = makeWorld(t, { default: { url: server.url, kubernetesAuth } }, [makeModel()], {
    requestToken: async (auth) => { requests.push(auth); return { token: 'sa-token', seconds: 3600 } }
  })
  await world.look()
  t.strictSame(requests, [{ ...kubernetesAuth, expirationSeconds: 3600 }])
  t.strictSame(new Set(server.asked.map(({ headers }) => headers.authorization)), new Set(['Bearer sa-token']))
})
