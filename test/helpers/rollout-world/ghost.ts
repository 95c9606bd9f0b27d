// What an all-seeing witness remembers of a walk: facts that the rollout itself may have forgotten and must still obey.

export type Ghost = {
  /** Versions whose failure is written on the serving object and was not forgiven: rollout id by predictor name. */
  failed: Record<string, string>
  /** Every rollout id that was ever started on the serving object. */
  started: string[]
  /** Those that a status has shown, so that people may have copied them. */
  shown: string[]
  /** Every id that people ever gave each command. */
  given: { promote: string[], abort: string[], retry: string[] }
  /** Somebody changed what goes into the pods, so restarts prove nothing. */
  podsEdited: boolean
}

export function emptyGhost (): Ghost {
  return { failed: {}, started: [], shown: [], given: { promote: [], abort: [], retry: [] }, podsEdited: false }
}
