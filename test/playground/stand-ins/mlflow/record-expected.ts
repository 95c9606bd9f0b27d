// Tells the story to a real MLflow server with an empty registry and writes down its answers; see README.md here.
//   node record-expected.ts http://127.0.0.1:<port> expected-<release>.json
import { writeFile } from 'node:fs/promises'

import { tell } from './story.ts'

const [url, file] = process.argv.slice(2)
if (url === undefined || file === undefined) throw new Error('usage: record-expected.ts URL FILE')
const told = await tell(url)
await writeFile(file, `[\n${told.map(answer => JSON.stringify(answer)).join(',\n')}\n]\n`)
