// Loaded into the poller before everything else (`node --import`): connections to addresses of Services lead to where the test says, for here is neither the cluster's
// DNS nor its network. SERVICE_ADDRESSES: JSON such as {"mlflow.mlflow.svc:8443": 40123}, ports on loopback.
import net from 'node:net'

type Options = { host?: string, port?: number | string }

const addresses = JSON.parse(process.env['SERVICE_ADDRESSES'] ?? '{}') as Record<string, number>
const connect = net.connect.bind(net) as (...args: unknown[]) => net.Socket

net.connect = ((options: Options, ...rest: unknown[]) => {
  const port = addresses[`${options.host}:${options.port}`]
  return connect(port === undefined ? options : { ...options, host: '127.0.0.1', port }, ...rest)
}) as typeof net.connect
