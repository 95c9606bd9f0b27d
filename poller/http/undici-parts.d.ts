// Types of the modules below undici's front door: the same things, by their own paths.
declare module 'undici/lib/api/index.js' {
  const api: object
  export = api
}
declare module 'undici/lib/core/connect.js' {
  const buildConnector: typeof import('undici').buildConnector
  export = buildConnector
}
declare module 'undici/lib/dispatcher/dispatcher.js' {
  const Dispatcher: typeof import('undici').Dispatcher
  export = Dispatcher
}
declare module 'undici/lib/dispatcher/pool.js' {
  const Pool: typeof import('undici').Pool
  export = Pool
}
