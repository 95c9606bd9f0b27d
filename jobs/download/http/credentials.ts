// The Authorization header for what stands behind a URL: from the settings, or from the URL itself.

/** RFC 7617; undefined where there is neither name nor password. */
export function basic (username: string, password: string): string | undefined {
  if (username === '' && password === '') return undefined
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** RFC 6750; undefined without a token. */
export function bearer (token: string): string | undefined {
  return token === '' ? undefined : `Bearer ${token.trim()}`
}

/** Name and password in a URL (https://user:password@host/). */
export function fromUrl ({ username, password }: URL): string | undefined {
  return basic(decodeURIComponent(username), decodeURIComponent(password))
}
