// The parts of undici that the program uses, past its front door, which loads fetch, WebSocket, caches and more: a tenth of the memory that it may have.
import api from 'undici/lib/api/index.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js'

// As undici's front door does: dispatchers get request() and its kin from here.
Object.assign(Dispatcher.prototype, api)

export { EnvHttpProxyAgent }
