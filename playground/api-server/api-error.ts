// Errors the API server answers with: each is a Kubernetes Status object on an Error.
import { STATUS_CODES } from 'node:http'

export interface StatusCause { reason: string, message: string, field: string }

export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: Record<string, never>
  status: 'Failure' | 'Success'
  message?: string
  reason?: string
  details?: { name?: string, group?: string, kind?: string, uid?: string, causes?: StatusCause[], retryAfterSeconds?: number }
  code: number
}

export interface ApiError extends Error { answer: Status }

/** What an error is about; goes into `details` and the message. */
export interface Subject { group: string, plural: string, kind: string }

/** An Error that carries the Status object to answer with. */
export function apiError (code: number, reason: string, message: string, details?: Status['details']): ApiError {
  const answer: Status = {
    kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, ...(reason ? { reason } : {}), ...(details ? { details } : {}), code
  }
  return Object.assign(new Error(message), { answer })
}

/** True for errors made by `apiError`. */
export function isApiError (error: unknown): error is ApiError {
  return error instanceof Error && 'answer' in error
}

/** The Status of any error; what is not an ApiError becomes a 500 InternalError. */
export function statusOf (error: unknown): Status {
  if (isApiError(error)) return error.answer
  const message = error instanceof Error ? error.message : String(error)
  return apiError(500, 'InternalError', `Internal error occurred: ${message}`).answer
}

/** A plain failure Status for a bare HTTP code, as injected faults use it. */
export function statusOfCode (code: number, message = STATUS_CODES[code] ?? 'Unknown'): Status {
  const reasons: Record<number, string> = {
    401: 'Unauthorized', 403: 'Forbidden', 404: 'NotFound', 409: 'Conflict', 410: 'Expired', 429: 'TooManyRequests', 500: 'InternalError', 503: 'ServiceUnavailable', 504: 'Timeout'
  }
  return apiError(code, reasons[code] ?? 'Unknown', message).answer
}

function qualified (subject: Subject): string {
  return subject.group ? `${subject.plural}.${subject.group}` : subject.plural
}

function qualifiedKind (subject: Subject): string {
  return subject.group ? `${subject.kind}.${subject.group}` : subject.kind
}

/** The details of an error about one object; what is empty is left out. */
function detailsOf (name: string, group: string, kind: string): NonNullable<Status['details']> {
  return { ...(name ? { name } : {}), ...(group ? { group } : {}), kind }
}

export function notFound (subject: Subject, name: string): ApiError {
  return apiError(404, 'NotFound', `${qualified(subject)} "${name}" not found`, detailsOf(name, subject.group, subject.plural))
}

export function alreadyExists (subject: Subject, name: string): ApiError {
  return apiError(409, 'AlreadyExists', `${qualified(subject)} "${name}" already exists`, detailsOf(name, subject.group, subject.plural))
}

export function conflict (subject: Subject, name: string, why: string, causes?: StatusCause[]): ApiError {
  return apiError(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(subject)} "${name}": ${why}`,
    { ...detailsOf(name, subject.group, subject.plural), ...(causes ? { causes } : {}) })
}

/** 422 with one cause a broken rule; the message reads as the real server's does. */
export function invalid (subject: Subject, name: string, causes: StatusCause[]): ApiError {
  const parts = causes.map((cause) => `${cause.field}: ${cause.message}`)
  const list = parts.length === 1 ? parts[0] : `[${parts.join(', ')}]`
  return apiError(422, 'Invalid', `${qualifiedKind(subject)} "${name}" is invalid: ${list}`,
    { ...detailsOf(name, subject.group, subject.kind), causes })
}

export function badRequest (message: string): ApiError {
  return apiError(400, 'BadRequest', message)
}

export function forbidden (subject: Subject, name: string, why: string): ApiError {
  return apiError(403, 'Forbidden', `${qualified(subject)} "${name}" is forbidden: ${why}`, detailsOf(name, subject.group, subject.plural))
}

/** 409 for a uid that is not the object's any more; worded by kind, as the storage layer does. */
export function uidMismatch (subject: Subject, name: string, wanted: string, found: string | undefined): ApiError {
  return apiError(409, 'Conflict', `Operation cannot be fulfilled on ${qualifiedKind(subject)} "${name}": the UID in the precondition (${wanted}) does not match the UID in record (${found}). The object might have been deleted and then recreated`,
    detailsOf(name, subject.group, subject.kind))
}

/** 404 for a path that is no resource. */
export function noSuchResource (): ApiError {
  return apiError(404, 'NotFound', 'the server could not find the requested resource', {})
}

export function expired (message: string): ApiError {
  return apiError(410, 'Expired', message)
}

export function unsupportedMediaType (accepted: string[]): ApiError {
  return apiError(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`)
}
