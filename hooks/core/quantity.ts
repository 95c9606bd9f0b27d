// Resource quantities in the canonical form that the API server stores: 1000m → 1, 1024Mi → 1Gi, 0.5 → 500m. Any other would be a difference at every sync.
import { isMap } from './plain-value.ts'

const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const decimal: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const form = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$/

function decimalExponent (suffix: string): number {
  return /^[eE][+-]?\d/.test(suffix) ? Number(suffix.slice(1)) : decimal[suffix] ?? 0
}

function canonicalBinary (whole: bigint, step: number): string {
  let [value, at] = [whole, step]
  while (value !== 0n && value % 1024n === 0n && at < binary.length - 1) {
    value /= 1024n
    at += 1
  }
  return `${value}${binary[at]}`
}

function canonicalDecimal (digits: bigint, exponent: number): string {
  let [value, at] = [digits, exponent]
  while (value !== 0n && value % 10n === 0n) {
    value /= 10n
    at += 1
  }
  if (value === 0n) return '0'
  // Suffixes stand for powers of a thousand: round the exponent down to one.
  const power = Math.max(Math.floor(at / 3) * 3, -9)
  const suffix = Object.entries(decimal).find(([, other]) => other === power)?.[0] ?? `e${power}`
  return `${value * 10n ** BigInt(at - power)}${suffix}`
}

type Parts = { sign: string, whole: string, fraction: string, suffix: string, step: number }

/** A quantity taken apart; `step` is the power of 1024 that its suffix stands for, 0 or less for none. Undefined for text that is no quantity. */
function takeApart (quantity: string | number): Parts | undefined {
  const [, sign = '', whole = '', fraction = '', suffix = ''] = form.exec(String(quantity)) ?? []
  return whole || fraction ? { sign, whole, fraction, suffix, step: binary.indexOf(suffix) } : undefined
}

/** The canonical text of a quantity; text that is none is returned as it is. */
export function canonicalQuantity (quantity: string | number): string {
  const parts = takeApart(quantity)
  if (!parts) return String(quantity)
  const { sign, whole, fraction, suffix, step } = parts
  const digits = BigInt(`${whole}${fraction}`)
  const minus = sign === '-' ? '-' : ''
  return minus + (step > 0 ? binaryOf(digits, fraction.length, step) : canonicalDecimal(digits, decimalExponent(suffix) - fraction.length))
}

/** 1.5Gi is 1536Mi: a fraction is brought to the next smaller unit. */
function binaryOf (digits: bigint, places: number, step: number): string {
  return places === 0 ? canonicalBinary(digits, step) : canonicalBinary(digits * 1024n / 10n ** BigInt(places), step - 1)
}

/** A map of resources with canonical quantities; anything else is returned as it is. */
export function canonicalQuantities (resources: unknown): unknown {
  if (!isMap(resources)) return resources
  return Object.fromEntries(Object.entries(resources).map(([name, quantity]) => [name, typeof quantity === 'string' || typeof quantity === 'number' ? canonicalQuantity(quantity) : quantity]))
}

/** The quantity as a number of bytes, rounded down; undefined for text that is none. */
export function quantityBytes (quantity: string | number): number | undefined {
  const value = quantityValue(quantity)
  return value === undefined ? undefined : Math.floor(value)
}

/** The quantity as a number, as exact as numbers are: 500m is 0.5. Undefined for text that is none. */
export function quantityValue (quantity: string | number): number | undefined {
  const parts = takeApart(quantity)
  if (!parts) return undefined
  const { sign, whole, fraction, suffix, step } = parts
  const unit = step > 0 ? 1024 ** step : 10 ** decimalExponent(suffix)
  return Number(`${sign}${whole || '0'}.${fraction || '0'}`) * unit
}
