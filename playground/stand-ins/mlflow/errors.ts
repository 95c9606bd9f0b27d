// MLflow's errors: code, HTTP status, and the JSON body around them.

const STATUSES = {
  INVALID_PARAMETER_VALUE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  // Has no HTTP mapping in MLflow, hence 500.
  FEATURE_DISABLED: 500
} as const

export type ErrorCode = keyof typeof STATUSES

export class MlflowError extends Error {
  readonly code: ErrorCode

  constructor (code: ErrorCode, message: string) {
    super(message)
    this.code = code
  }

  get status (): number {
    return STATUSES[this.code]
  }
}

export function invalid (message: string): MlflowError {
  return new MlflowError('INVALID_PARAMETER_VALUE', message)
}

export function missing (message: string): MlflowError {
  return new MlflowError('RESOURCE_DOES_NOT_EXIST', message)
}

/** Body of an error; releases before 3.17 have neither sqlstate nor error_class. */
export function errorBody ({ code, message }: MlflowError, older: boolean): object {
  const body = { error_code: code, message }
  if (older) return body
  return { ...body, sqlstate: 'KAM00', error_class: code === 'RESOURCE_DOES_NOT_EXIST' ? 'RESOURCE_NOT_FOUND' : code }
}
