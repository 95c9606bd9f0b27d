// Values and keys that break careless code: wrong types, numbers at the edges, names that JavaScript has plans for, long and odd texts.
import fc from 'fast-check'

/** Keys that mean something to JavaScript, to patterns or to us. */
export const HOSTILE_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', 'then', '', '0', '-1', 'a\nb', 'a.b/c', '\u0000', 'x'.repeat(300), 'sluice.dev/state', 'sluice.dev/created-at']

// As text, because an object literal with __proto__ sets a prototype, and JSON.parse makes a key of it.
const POISONED = ['{"__proto__":{"polluted":true,"deleting":true}}', '{"constructor":{"prototype":{"polluted":true}}}', '{"__proto__":null}', '[{"__proto__":[]}]'].map((text) => JSON.parse(text) as unknown)

const NUMBERS = [0, -0, -1, 1, 1.5, 100, 101, 2 ** 31, 2 ** 53, 2 ** 53 + 2, 1e15, 1e21, 1e308, -1e308, 5e-324]
const TEXTS = ['', ' ', '0', '1', '-1', '1e308', '9007199254740993', 'NaN', 'null', 'true', '__proto__', 'constructor', 'toString', '\u0000', '\ud800', '\u202e', 'ä'.repeat(64), 'x'.repeat(64), 'x'.repeat(300), 'x'.repeat(5000), ',1'.repeat(2000), '\n', '{', '{}', '[]', '{"a":', '../../etc', 'a b', '#{x}', '{uri}{uri}', '$&']
const INSTANTS = ['1970-01-01T00:00:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '+275760-09-13T00:00:00Z', '-271821-04-20T00:00:00Z', '2026-09-21', '2026-13-41T25:61:61Z', '2026-09-21T14:13:20+14:00', '1', 'yesterday']
const NESTS: unknown[] = [[], {}, [[]], [{}], [null], { a: null }, [[[[[[[[]]]]]]]], Array.from({ length: 300 }, () => 0)]

/** Anything but what is expected. The values are shared: they are to be copied before anybody changes them. */
export const hostileValue: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(null, true, false, ...NUMBERS, ...TEXTS, ...INSTANTS, ...NESTS, ...POISONED)

export const hostileKey: fc.Arbitrary<string> = fc.constantFrom(...HOSTILE_KEYS)
