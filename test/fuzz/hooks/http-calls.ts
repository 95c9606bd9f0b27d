// The hooks' application with calls put into it: spoilt bodies, odd types, methods, addresses and queries.
import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import { buildApp } from '../../../hooks/app.ts'
import { HOOKS } from '../../../hooks/core/answer.ts'
import { kinds } from '../../../hooks/kinds.ts'
import { body, bytesOf, pluralOf, type Body } from '../inputs/bodies.ts'
import { checkHttpAnswer } from '../properties/http-answer.ts'
import { demand } from '../properties/violation.ts'
import { session, type Target } from '../target.ts'

const V = '1'

type Call = { hook: typeof HOOKS[number], body: Body, type: string, method: string, query: string, encoding: string, address: string }

const usually = <T>(usual: T, ...others: T[]) => fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) })

const call: fc.Arbitrary<Call> = fc.record({
  hook: fc.constantFrom('sync', 'sync', 'sync', ...HOOKS),
  body,
  type: usually('application/json', 'application/json; charset=latin1', 'application/JSON', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '', 'application/json, text/html', ';', 'application/json;;=', '\u00e4'),
  method: usually('POST', 'GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE'),
  query: usually('', `?v=${V}`, '?v=2', '?v=', '?v', '?v=1&v=1', '?v[]=1', '?v=%zz', '?__proto__[x]=1', `?v=${'9'.repeat(5000)}`, '?v=1%00', '?constructor=1'),
  encoding: usually('', 'gzip', 'identity', 'chunked, chunked'),
  address: usually('', '/', '//', '/..', '/%2e%2e/', '%00', '/%zz', '/\u00e4', `/${'a'.repeat(3000)}`)
})

export const httpCalls: Target = {
  name: 'http-calls',
  what: 'bodies that are cut, doubled, nested 100,000 levels deep or no text at all, with odd types, methods and addresses',
  share: 30_000,
  quick: 40,
  async open (tally) {
    const { app } = await buildApp({ kinds, v: V })
    const property = fc.asyncProperty(call, async (call) => {
      const { bytes, whole } = bytesOf(call.body)
      const { statusCode, headers, body } = await app.inject(injection(call, bytes))
      tally.count(String(statusCode))
      demand(!('polluted' in {}), () => 'Object.prototype was changed')
      if (call.method !== 'HEAD') checkHttpAnswer(statusCode, String(headers['content-type'] ?? ''), body)
      if (whole && isPlain(call)) demand(statusCode === 200 || statusCode === 422, () => `a golden request is answered ${statusCode}: ${body.slice(0, 300)}`)
    })
    return session(property, () => app.close())
  }
}

function injection ({ body, hook, type, method, query, encoding, address }: Call, payload: Buffer): InjectOptions {
  return {
    method: method as 'POST',
    url: encodeURI(`/${pluralOf(body)}/${hook}${address}`).replaceAll('%25', '%') + query,
    headers: { ...(type && { 'content-type': type }), ...(encoding && { 'content-encoding': encoding }) },
    payload
  }
}

/** Nothing but the body is odd, if that is. */
function isPlain ({ hook, type, method, query, encoding, address }: Call): boolean {
  return hook === 'sync' && type === 'application/json' && method === 'POST' && (query === '' || query === `?v=${V}`) && encoding === '' && address === ''
}
