// What the hooks have counted themselves: calls that they have answered.

/** Calls that the hooks at this URL have answered with this HTTP status code since they started. */
export async function answeredCalls (hooksUrl: string, code: number): Promise<number> {
  const text = await (await fetch(`${hooksUrl}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line.startsWith('sluice_hook_requests_total{') && line.includes(`code="${code}"`))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
