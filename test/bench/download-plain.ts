// The baseline of the bench `download`: URL into FILE by undici's shortest way, and onto the disk; no hash, no progress, nothing to go on with.
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { request } from 'undici'
import { largestMemory } from '../../jobs/download/largest-memory.ts'

const { body } = await request(process.env['URL'] ?? '')
await pipeline(body, createWriteStream(process.env['FILE'] ?? '', { flush: true }))
console.log(JSON.stringify({ memory: largestMemory() }))
process.exit()
