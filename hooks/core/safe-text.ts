// Text that others wrote (servers, operators, authors of objects), made fit for conditions, Events and logs: no control characters and no credentials.
// Lists of characters rather than those of Unicode's classes that grow, so that two releases of Node answer the same bytes.

/** Ends a line, in one program or another. */
const LINE_ENDS = /[\t\n\v\f\r\x85\u2028\u2029]+/g

/** Moves the cursor, colours a terminal, turns the direction of writing, is not to be seen at all, or is half a character. */
const INVISIBLE = /[\p{Cc}\p{Cs}\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** Those of both that JSON leaves as they are. */
const UNESCAPED = /[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** Nothing of it in a text, and there is nothing to do: most texts are plain sentences, and every sync makes some. */
const SUSPECT = /[^\x20-\x7e]|:\/\/|=|eyJ|bearer|basic|"|passw|secret|token|key|credential/i

/** One line of visible characters: line ends become spaces, what cannot be seen becomes U+FFFD, so that it is seen to have been there. */
export function plainText (text: string): string {
  return text.replace(LINE_ENDS, ' ').replace(INVISIBLE, '\ufffd')
}

/** JSON whose strings hold no invisible character as it is; read back, it is the same. */
export function escapeInvisible (json: string): string {
  return json.replace(UNESCAPED, (found) => found.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`))
}

/** A line of a log, which is JSON, and remains it: whatever was logged, no credential stands in it, and no terminal is moved by it. */
export function safeLine (line: string): string {
  return escapeInvisible(hideCredentials(line))
}

/** A text for people: one line, without credentials, at most `length` characters. */
export function forPeople (text: string, length = Infinity): string {
  return (SUSPECT.test(text) ? hideCredentials(plainText(text)) : text).slice(0, length)
}

const HIDDEN = '[redacted]'

// All of them begin at a fixed text or are bounded, so that no text of a stranger takes long.
const SCHEME = /\b(bearer|basic)((?:\s|%20|\+)+)([^\s"'<>\\,;]{6,})/gi
const JWT = /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g
const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[^-"\\]|\\(?!")){0,16384}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g
const USER_INFO = /:\/\/[^\s/?#:@"'<>\\]{0,256}:[^\s/?#"'<>\\]{0,512}@/g
const TOKEN_AS_USER = /(https?:\/\/)[^\s/?#@"'<>\\]{1,512}@/gi
/** Words that begin the name of a parameter or field, and its rest. Those that only name a file or an object may be shown. */
const NAME = '(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|account[_-]?key|credential|signature|authorization|cookie|(?:(?<![a-z])|(?<=%3f|%26))(?:sig|pwd))(?![\\w-]{0,24}(?:file|name|ref|path))[\\w-]{0,24}'
const ASSIGNED = new RegExp(`(${NAME}(?:=|%3d))([^\\s&"'<>\\\\;,#]+)`, 'gi')
const NAMED = new RegExp(`(${NAME}\\\\?["']?\\s{0,4}:\\s{0,4}\\\\?["']?)([^\\s&"'<>\\\\;,]{6,})`, 'gi')

/** A number or a map of JSON: nothing secret by its name alone, and text in its place would be no JSON. */
const NOT_QUOTED = /["']\s*:\s*$/

/**
 * Without what looks like a credential: after Bearer and Basic, in an address, as the value of a parameter or field that is named so, a token in three parts,
 * a private key. What is known to be secret is taken out by its value, by whoever knows it; this is for what only others know.
 */
export function hideCredentials (text: string): string {
  return text
    .replace(PRIVATE_KEY, HIDDEN)
    .replace(JWT, HIDDEN)
    .replace(SCHEME, (whole, scheme: string, space: string, value: string) => isRandom(value) ? `${scheme}${space}${HIDDEN}` : whole)
    .replace(USER_INFO, `://${HIDDEN}@`)
    .replace(TOKEN_AS_USER, `$1${HIDDEN}@`)
    .replace(ASSIGNED, `$1${HIDDEN}`)
    .replace(NAMED, (whole, name: string, value: string) => isRandom(value) && !NOT_QUOTED.test(name) ? `${name}${HIDDEN}` : whole)
}

/** Whether a word is none of a language: "Basic authentication" names a way, "Basic dTpw" uses it. */
function isRandom (word: string): boolean {
  return /\d/.test(word) || /[a-z][A-Z]|[A-Z]{2}[a-z]|[+/=_~$!]/.test(word) || word.length > 24
}
