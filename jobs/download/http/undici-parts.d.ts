// Types of a module below undici's front door: the same thing, by its own path. poller/http/undici-parts.d.ts has the others.
declare module 'undici/lib/dispatcher/env-http-proxy-agent.js' {
  const EnvHttpProxyAgent: typeof import('undici').EnvHttpProxyAgent
  export = EnvHttpProxyAgent
}
