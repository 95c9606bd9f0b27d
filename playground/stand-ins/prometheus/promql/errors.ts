// Errors of a query, with the type Prometheus puts into its envelope.

export type QueryErrorType = 'bad_data' | 'execution' | 'timeout' | 'internal'

/** bad_data: the text is wrong (HTTP 400); execution: it cannot be evaluated on these series (422). */
export class QueryError extends Error {
  readonly errorType: QueryErrorType

  constructor (errorType: QueryErrorType, message: string) {
    super(message)
    this.errorType = errorType
  }
}

/** A syntax or type error at an offset of the query; printed as Prometheus does, `line:column: parse error: …`. */
export function parseError (query: string, offset: number, message: string): QueryError {
  const before = query.slice(0, offset).split('\n')
  const column = (before.at(-1) as string).length + 1
  return new QueryError('bad_data', `invalid parameter "query": ${before.length}:${column}: parse error: ${message}`)
}

export function executionError (message: string): QueryError {
  return new QueryError('execution', message)
}
