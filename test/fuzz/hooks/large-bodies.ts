// Bodies of up to ten megabytes over a socket: each is answered, and none holds the event loop up.
import fc from 'fast-check'
import { Pool } from 'undici'
import { BODY_LIMIT } from '../../../hooks/errors.ts'
import { large, textOfLarge } from '../inputs/large.ts'
import { LONGEST_TURN_MS } from '../properties/cpu.ts'
import { checkHttpAnswer } from '../properties/http-answer.ts'
import { demand } from '../properties/violation.ts'
import { session, type Target } from '../target.ts'
import { startServerProcess } from './server-process.ts'

/** A collection of garbage, or code that is compiled just then, may fall into a turn: one that is slow is asked again, this often. */
const CHANCES = 3

export const largeBodies: Target = {
  name: 'large-bodies',
  what: 'up to 10 MB that are many, long or deep in one place, over a socket; no turn of the event loop above 200 ms of CPU',
  share: 300,
  // Some of most shapes, even in a short look.
  atLeast: 80,
  quick: 0,
  async open (tally) {
    const server = await startServerProcess()
    const pool = new Pool(`http://127.0.0.1:${server.port}`)
    const ask = async (kind: string, text: string): Promise<{ status: number, turn: number }> => {
      const response = await pool.request({ path: `/${kind}/sync`, method: 'POST', headers: { 'content-type': 'application/json' }, body: text })
      const body = await response.body.text()
      checkHttpAnswer(response.statusCode, String(response.headers['content-type'] ?? ''), body)
      return { status: response.statusCode, turn: await server.longestTurn() }
    }
    const property = fc.asyncProperty(large, async (given) => {
      const text = textOfLarge(given)
      // Refused by its length alone, and the connection may end before all of it is sent.
      if (Buffer.byteLength(text) > BODY_LIMIT) return tally.count('too large')
      let { status, turn } = await ask(given.kind, text)
      tally.count(String(status))
      for (let chance = 0; turn > LONGEST_TURN_MS && chance < CHANCES; chance++) turn = Math.min(turn, (await ask(given.kind, text)).turn)
      demand(turn <= LONGEST_TURN_MS, () => `a turn of ${Math.round(turn)} ms of CPU for ${given.shape} of ${given.kind}, ${Math.round(text.length / 2 ** 20)} MB, answered ${status}`)
      if (turn > LONGEST_TURN_MS / 2) tally.count('turns above 100 ms')
    })
    return session(property, async () => {
      await pool.destroy()
      await server.close()
    })
  }
}
