// The parts of undici that the poller uses. Its front door loads fetch, WebSocket, caches and more, too: 15 MB of a process that is to stay small.
// Below it paths may change between releases; the lock file holds the release, and the poller's first request fails if one does.
import api from 'undici/lib/api/index.js'
import buildConnector from 'undici/lib/core/connect.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import Pool from 'undici/lib/dispatcher/pool.js'

// As undici's front door does: dispatchers get request() and its kin from here.
Object.assign(Dispatcher.prototype, api)

export { buildConnector, Pool }
