// Answers of MLflow that are not JSON: Flask's error pages and the guard's refusal.

export interface TextAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

function flaskPage (status: number, title: string, sentence: string): TextAnswer {
  const body = `<!doctype html>\n<html lang=en>\n<title>${status} ${title}</title>\n<h1>${title}</h1>\n<p>${sentence}</p>\n`
  return { status, contentType: 'text/html; charset=utf-8', body }
}

export const NOT_FOUND = flaskPage(404, 'Not Found',
  'The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.')
export const METHOD_NOT_ALLOWED = flaskPage(405, 'Method Not Allowed', 'The method is not allowed for the requested URL.')
export const INVALID_HOST: TextAnswer = {
  status: 403, contentType: 'text/plain', body: 'Invalid Host header - possible DNS rebinding attack detected'
}
